import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** Width and height in pixels. */
export interface ElementSize {
  width: number;
  height: number;
}

/** Returns the size of an element without its scroll bars. @param first size before it is drawn */
export function useSize(element: RefObject<HTMLElement | null>, first: ElementSize): ElementSize {
  const [size, setSize] = useState(first);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const read = () => {
      const { clientWidth: width, clientHeight: height } = current;
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
