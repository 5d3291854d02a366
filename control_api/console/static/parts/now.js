import { useEffect, useState } from "../core/ui.js";

/** The time (milliseconds since 1970), anew each second while the tab is seen. */
export function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
