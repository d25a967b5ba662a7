/**
 * Own line icons under the ligature words that the site uses (24 x 24, stroked).
 * They are painted as CSS masks, so they take the text colour.
 */

const STROKES = {
  add: 'M12 5v14M5 12h14',
  add_circle: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8v8M8 12h8',
  arrow_drop_down: 'M7 10l5 5 5-5',
  attach_file:
    'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.400 8.400a1.700 1.700 0 0 1-2.500-2.500L14.500 7.500',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6L6 18',
  code: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
  compare_arrows: 'M4 8h14l-3-3M20 16H6l3 3',
  content_copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  delete: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  dark_mode: 'M20 14.500A8.500 8.500 0 1 1 9.500 4a7 7 0 0 0 10.500 10.500z',
  description: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  error: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.500v5.500M12 16v.500',
  expand_less: 'M6 15l6-6 6 6',
  expand_more: 'M6 9l6 6 6-6',
  function: 'M14 5a3 3 0 0 0-4 3v9a3 3 0 0 1-4 2M7 11h7M14 14l5 5M19 14l-5 5',
  help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.700.300-1 .700-1 1.700M12 16.500v.500',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.500 8.500v.500',
  incognito:
    'M4 11h16M7 11l1.500-6h7L17 11M7 14.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM17 14.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM9.500 16.500c1.500-1 3.500-1 5 0',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.500M12 7.500V8',
  keyboard_command_key:
    'M9 9h6v6H9zM9 9V6.500A2.500 2.500 0 1 0 6.500 9zM15 9V6.500A2.500 2.500 0 1 1 17.500 9zM9 15v2.500A2.500 2.500 0 1 1 6.500 15zM15 15v2.500a2.500 2.500 0 1 0 2.500-2.500z',
  keyboard_return: 'M20 6v6H5M9 8l-4 4 4 4',
  library: 'M5 4v16M9 4v16M13 4.500l6 15',
  light_mode:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400',
  markdown_copy: 'M3 6h18v12H3zM6 15V9l3 3 3-3v6M16.500 9v6M14.500 13l2 2 2-2',
  menu: 'M4 7h16M4 12h16M4 17h16',
  more_vert: 'M12 5.500v.600M12 11.700v.600M12 18v.600',
  movie: 'M4 6h16v12H4zM4 10h16M8 6l2 4M13 6l2 4',
  note_add: 'M6 3h8l4 4v14H6zM14 3v4h4M12 11v6M9 14h6',
  psychology:
    'M12 4a6.500 6.500 0 0 0-6.500 6.500L4 14h2v4h4v3M12 4a6.500 6.500 0 0 1 4 11.500V21M12 8v5M9.500 10.500h5',
  refresh: 'M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5',
  reset_settings: 'M5 12a7 7 0 1 0 2-5L5 9M5 4v5h5',
  save: 'M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6',
  search: 'M11 4.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM16 16l4.500 4.500',
  settings:
    'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.100 2.100M16.300 16.300l2.100 2.100M5.600 18.400l2.100-2.100M16.300 7.700l2.100-2.100',
  spark: 'M12 4c.800 4.500 3 7 8 8-5 1-7.200 3.500-8 8-.800-4.500-3-7-8-8 5-1 7.200-3.500 8-8z',
  stop: 'M7 7h10v10H7z',
  temp: 'M10 4.500a2 2 0 0 1 4 0V14a4 4 0 1 1-4 0z',
  thumb_down: 'M8 4h9l3 8h-6l1 6-2 2-5-7zM8 4H4v9h4',
  thumb_up: 'M8 20h9l3-8h-6l1-6-2-2-5 7zM8 20H4v-9h4',
  tune: 'M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h7M15 17h5M13 15v4',
  upload: 'M12 16V5M7 10l5-5 5 5M5 20h14',
  warning: 'M12 4l9 16H3zM12 10v5M12 17v.500',
};

/** CSS url() of the icon; an unknown name gets a small dot. */
export function iconUrl(name) {
  const path = STROKES[name] ?? 'M12 11.500v1';
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="black" ` +
    `stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`;
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
}
