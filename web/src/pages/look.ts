/** Light or dark: as chosen in the player, else as the device has it. */
const device = matchMedia("(prefers-color-scheme: dark)");

export function dress(): void {
  const dark = chosen() === "dark" || (chosen() === "auto" && device.matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  document.querySelector("meta[name=theme-color]")!.setAttribute("content", dark ? "#0a1315" : "#e6ede7");
}

device.addEventListener("change", dress);

function chosen(): string {
  try {
    return JSON.parse(localStorage.getItem("freshet:choices") ?? "{}").theme ?? "auto";
  } catch {
    return "auto";
  }
}
