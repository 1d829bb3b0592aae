// Asks the station, with the form token that shows that this page is its own.

const token = document.querySelector('meta[name="form-token"]').content;

export class StationError extends Error {}

export async function ask(path, body) {
  const change = body !== undefined;
  let answer;
  try {
    answer = await fetch(path, {
      method: change ? "POST" : "GET",
      headers: change ? { "content-type": "application/json", "x-nightsort-form": token } : {},
      body: change ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new StationError("The station does not answer. Is nightsort review still running? Nothing was saved.");
  }
  const content = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new StationError(content.error ?? `The station answered ${answer.status}.`);
  return content;
}

export function leave() {
  const headers = { "content-type": "application/json", "x-nightsort-form": token };
  fetch("/api/leave", { method: "POST", headers, body: "{}", keepalive: true }).catch(() => {});
}
