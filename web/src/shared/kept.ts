/** Short texts by name; what isn't there, or can't be read, is ''. */
type Kept = { read: (name: string) => string; write: (name: string, text: string) => void };

/** Kept for this tab, through reloads. */
export const ofTab: Kept = kept(() => sessionStorage);

/** Kept for this browser. */
export const ofBrowser: Kept = kept(() => localStorage);

// A browser that keeps nothing throws already where its storage is asked for: what is written holds while the page is open.
function kept(storage: () => Storage): Kept {
  return {
    read(name) {
      try {
        return storage().getItem(name) ?? '';
      } catch {
        return '';
      }
    },
    write(name, text) {
      try {
        if (text) storage().setItem(name, text);
        else storage().removeItem(name);
      } catch {
        // see above
      }
    },
  };
}
