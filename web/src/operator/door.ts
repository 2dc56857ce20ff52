/**
 * The operator's key: from the link that a demo's terminal shows, or typed in.
 *
 * It lies in this tab's own storage and ends with the tab; it is never part of an address that
 * is kept. A demo's cookie, which no script reads, lets another tab of the same browser in.
 */
import { Refused, Unavailable } from "@freshet/client";

const KEY = "freshet:operator";

export function kept(): string {
  return sessionStorage.getItem(KEY) ?? "";
}

export function keep(key: string): void {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/**
 * The key of who has the page open.
 *
 * @throws Refused the door stays shut; its reason is "" if nothing was tried to open it
 */
export async function letIn(): Promise<string> {
  const code = location.hash.slice(1);
  if (code) history.replaceState(null, "", location.pathname);
  else if (kept()) return kept();
  let answer: Response;
  try {
    const headers = { "Content-Type": "application/json" };
    answer = await fetch("/demo/operator", { method: "POST", headers, body: JSON.stringify({ code }) });
  } catch (error) {
    throw new Unavailable(String(error));
  }
  if (answer.ok) return ((await answer.json()) as { key: string }).key;
  if (kept()) return kept();
  const said = (await answer.json().catch(() => undefined)) as { error?: { reason?: string } } | undefined;
  throw new Refused("unauthorized", "code", code ? (said?.error?.reason ?? "opens nothing") : "");
}
