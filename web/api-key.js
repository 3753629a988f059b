/**
 * Purpose: ask for an API key where the service wants one, and send it.
 * Invariants: kept for this tab alone and never in an address; who declines is not asked again
 * until the page is loaded again.
 * Fails: never; without a key the page shows what the service says.
 */
const STORED = 'headway-api-key';
let asking = null;
let declined = false;

export const keyHeader = () => {
  const key = sessionStorage.getItem(STORED);
  return key ? { authorization: `Bearer ${key}` } : {};
};

/** Asks once, however many requests were refused. @returns whether there is a key to try with */
export function askForKey(why) {
  if (declined) return Promise.resolve(false);
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById('key-dialog');
    const field = document.getElementById('key');
    document.getElementById('key-why').textContent = why;
    field.value = '';
    dialog.returnValue = '';
    dialog.addEventListener(
      'close',
      () => {
        const key = field.value.trim();
        field.value = '';
        asking = null;
        declined = dialog.returnValue !== 'use' || key === '';
        if (!declined) sessionStorage.setItem(STORED, key);
        resolve(!declined);
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}
