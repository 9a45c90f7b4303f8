import { signal } from '@preact/signals';

/** The path of the page that is shown; pages of one persona change it without a reload. */
export const path = signal(location.pathname);

addEventListener('popstate', () => {
  path.value = location.pathname;
});

/** go shows another page of the same persona. */
export function go(to: string): void {
  history.pushState(null, '', to);
  path.value = location.pathname;
}

/** onLink makes a plain click on a link of the same persona a go; other clicks stay the browser's. */
export function onLink(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.pathname);
}
