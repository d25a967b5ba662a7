// The address of whoever is signed in, where the page shows it. Changes nothing.
const shown = find("account");
const said = shown ? `${shown.getAttribute("aria-label") ?? ""} ${words(shown)}` : "";
return { address: (said.match(/[^\s()<>:,;]+@[^\s()<>:,;]+\.[^\s()<>:,;]+/) ?? [""])[0] };
