// The little of a browser that modules reach for when they are loaded.
const kept = () => {
  const map = new Map();
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => map.set(key, String(value)), removeItem: (key) => map.delete(key) };
};

export const listeners = new Map();
Object.assign(globalThis, {
  window: globalThis,
  localStorage: kept(),
  sessionStorage: kept(),
  location: { origin: 'https://calls.test' },
  addEventListener: (type, listener) => listeners.set(type, listener),
  removeEventListener: (type, listener) => listeners.get(type) === listener && listeners.delete(type),
});
