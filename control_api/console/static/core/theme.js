// Light or dark, as the system has it or as was picked here.

import { effect, signal } from "./ui.js";

const KEPT = "vaani.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** What was picked: "light", "dark" or "" (as the system). */
export const picked = signal(document.documentElement.dataset.theme ?? "");

const system = signal(dark.matches);
dark.addEventListener("change", () => {
  system.value = dark.matches;
});

/** What is seen now: "light" or "dark". Charts are drawn anew when it changes. */
export const theme = signal(seen());

function seen() {
  return picked.value || (system.value ? "dark" : "light");
}

effect(() => {
  if (picked.value) {
    document.documentElement.dataset.theme = picked.value;
    localStorage.setItem(KEPT, picked.value);
  } else {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(KEPT);
  }
  theme.value = seen();
});

export function toggleTheme() {
  picked.value = theme.value === "dark" ? "light" : "dark";
}
