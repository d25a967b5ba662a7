/** What the page says when a generation fails, and the error beacon it sends. */

const INTERNAL = 'An internal error has occurred.';
const QUOTA = 'Failed to generate content: user has exceeded quota. Please try again later.';
const BEACON_AFTER_MS = 1000;

const BY_CODE = {
  7: { toast: 'Failed to generate content: permission denied. Please try again.', inline: INTERNAL },
  8: {
    toast: QUOTA,
    inline: 'Failed to generate content: user has exceeded quota. Please try again later.',
    callout: 'error',
  },
  14: { toast: 'Failed to generate content: service is unavailable. Please try again later.', inline: INTERNAL },
};
const OTHER = { toast: 'Failed to generate content. Please try again.', inline: INTERNAL };
const FREE_USED_UP = {
  toast: 'You are out of free generations.',
  inline: 'You are out of free generations. You can continue by using your own paid API key.',
  callout: 'warning',
};

/** Toast text, in-turn text and kind of callout for an RpcError. */
export function failureOf(error) {
  if (error.code === 8 && /free generations/i.test(error.message)) return FREE_USED_UP;
  return BY_CODE[error.code] ?? OTHER;
}

/** The front end's error report; its query mentions GenerateContent although it is no such call. */
export function reportError(url, text) {
  setTimeout(() => {
    const query = new URLSearchParams({
      script: `${location.origin}/static/js/main.js`,
      error: `Error: ${text} (MakerSuiteService/GenerateContent)`,
      line: 'Not available',
    });
    const xhr = new XMLHttpRequest();
    xhr.open('POST', `${url}?${query}`);
    xhr.setRequestHeader('Content-Type', 'text/plain;charset=UTF-8');
    xhr.send('trace=');
  }, BEACON_AFTER_MS);
}
