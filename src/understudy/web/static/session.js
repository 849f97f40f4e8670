// What scripts ask of the server. A session can end, or begin anew in another tab, while a page stands open.
import { formToken } from "./app.js";

export class SignedOut extends Error {}

// As fetch, with the form token. Raises SignedOut, or TypeError if the server cannot be reached.
export async function asked(address, options = {}) {
  const answer = await send(address, options);
  if (!isTurnedAway(answer)) return answer;
  const before = formToken();
  await renew();
  return formToken() === before ? answer : send(address, options);
}

// Where somebody signs in and comes back from.
export function signIn() {
  return `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
}

function send(address, options) {
  return fetch(address, { ...options, headers: { ...options.headers, "x-form-token": formToken() } });
}

function isTurnedAway(answer) {
  return answer.redirected || answer.status === 401 || answer.status === 403;
}

// Signed in again, this page gets the new session's token; what is typed on it stays.
async function renew() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector('meta[name="form-token"]')?.content;
  if (answer.redirected || !token) throw new SignedOut();
  document.querySelector('meta[name="form-token"]').content = token;
  for (const field of document.querySelectorAll('input[name="form_token"]')) field.value = token;
}
