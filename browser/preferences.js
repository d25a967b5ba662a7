// Runs before the site's own scripts: sections open, notices that were read stay read, tools off by default.
// The site keeps these wishes of its user in one entry of its storage; unknown entries are kept.
(() => {
  const ORIGIN = "__ORIGIN__";
  const KEY = "aiStudioUserPreference";
  if (location.origin !== ORIGIN) return;
  const wanted = {
    isAdvancedOpen: true,
    areToolsOpen: true,
    enableSearchAsATool: false,
    hasShownAutosaveOnDialog: true,
    hasShownDrivePermissionDialog: true,
    warmWelcomeDisplayed: true,
  };
  let known = {};
  try { known = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { known = {}; }
  localStorage.setItem(KEY, JSON.stringify({ ...known, ...wanted }));
})();
