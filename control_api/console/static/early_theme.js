// Before the first line is drawn, so that a dark page does not flash white. The rest of it is core/theme.js.
const picked = localStorage.getItem("vaani.theme");
if (picked === "light" || picked === "dark") document.documentElement.dataset.theme = picked;
