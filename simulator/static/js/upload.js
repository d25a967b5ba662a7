/** Upload of one file to the Drive endpoint: multipart/related with a bearer token. */

import { randomText } from './rpc.js';

/**
 * Resolves with the id of the stored file; rejects with an Error that says why not.
 * `handle.request` is set to the running XMLHttpRequest so that the caller can abort it.
 */
export async function upload(app, source, handle) {
  await new Promise((resolve) => {
    setTimeout(resolve, app.knobs.upload_delay_ms);
  });
  const boundary = `batch_${randomText(24)}`;
  const metadata = JSON.stringify({ name: source.name, mimeType: source.type || 'application/octet-stream' });
  const body = new Blob([
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${metadata}\r\n`,
    `--${boundary}\r\nContent-Type: ${source.type || 'application/octet-stream'}\r\n\r\n`,
    source,
    `\r\n--${boundary}--\r\n`,
  ]);
  const xhr = new XMLHttpRequest();
  handle.request = xhr;
  xhr.open('POST', `${app.boot.uploadUrl}?uploadType=multipart&key=${encodeURIComponent(app.boot.apiKey)}`);
  xhr.withCredentials = true;
  xhr.setRequestHeader('Authorization', `Bearer ${await app.accessToken()}`);
  xhr.setRequestHeader('Content-Type', `multipart/related; boundary="${boundary}"`);
  xhr.setRequestHeader('X-Goog-AuthUser', '0');
  return send(xhr, body);
}

function send(xhr, body) {
  return new Promise((resolve, reject) => {
    xhr.onload = () => {
      const answer = parse(xhr.responseText);
      if (xhr.status === 200 && answer.id) resolve(answer.id);
      else reject(new Error(answer.error?.message ?? `the upload was answered with status ${xhr.status}`));
    };
    xhr.onerror = () => reject(new Error('the connection failed'));
    xhr.onabort = () => reject(new Error('it was removed'));
    xhr.send(body);
  });
}

function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
