/**
 * The preferences in localStorage: read once at start, rewritten by the app whenever one changes.
 * Later writes by others are not seen until the next page load.
 */

import { mutated } from './mutations.js';

const KEY = () => (mutated('preferences_elsewhere') ? 'userPreference' : 'aiStudioUserPreference');

const FRESH = {
  isAdvancedOpen: false,
  areToolsOpen: false,
  isSafetySettingsOpen: false,
  isSystemInstructionsOpen: false,
  selectedSystemInstructionsConfigName: null,
  enableSearchAsATool: true,
  thinkingBudgetsByModel: {},
  autosaveEnabled: true,
  hasShownAutosaveOnDialog: false,
  hasShownDrivePermissionDialog: false,
  hasShownSearchGroundingTos: false,
  warmWelcomeDisplayed: false,
  fileCopyrightAcknowledged: false,
  rawModeEnabled: false,
  isNavbarExpanded: true,
  theme: 'system',
};

export class Preferences {
  constructor(storage) {
    this.storage = storage;
    this.values = { ...FRESH, ...read(storage) };
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    this.write();
  }

  write() {
    this.storage.setItem(KEY(), JSON.stringify(this.values));
  }
}

/** What is stored, or nothing when it is absent or no JSON object. */
function read(storage) {
  try {
    const stored = JSON.parse(storage.getItem(KEY()) ?? '{}');
    return stored !== null && typeof stored === 'object' && !Array.isArray(stored) ? stored : {};
  } catch {
    return {};
  }
}
