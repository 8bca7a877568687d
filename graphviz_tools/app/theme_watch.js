// Streamlit calls this again when the theme changes, but does not run the page again, whose drawings are the server's.

const reported = new Map(); // key -> the theme that Python was told of last

export default function mount({ parentElement, data, setStateValue }) {
  const host = parentElement.host ?? parentElement;
  const theme = isDark(getComputedStyle(host).getPropertyValue("--st-background-color")) ? "dark" : "light";
  if (theme !== data.theme && reported.get(data.theme) !== theme) {
    reported.set(data.theme, theme);
    setStateValue("theme", theme);
  } else if (theme === data.theme) {
    reported.clear();
  }
}

/** True for a colour (`#rrggbb` or `rgb(r, g, b)`) that light text is written on. */
function isDark(color) {
  const numbers = color.trim().startsWith("#")
    ? color.match(/[0-9a-f]{2}/gi).map((hex) => parseInt(hex, 16))
    : color.match(/[\d.]+/g)?.map(Number);
  if (!numbers) return false;
  const [red, green, blue] = numbers;
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}
