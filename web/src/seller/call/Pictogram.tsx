import type { ComponentChildren } from 'preact';

const corners = 'M8 18V13a5 5 0 0 1 5-5h5M46 8h5a5 5 0 0 1 5 5v5M56 46v5a5 5 0 0 1-5 5h-5M18 56h-5a5 5 0 0 1-5-5v-5';

const drawings: Record<string, ComponentChildren> = {
  FACE: (
    <>
      <path d={corners} />
      <circle cx="32" cy="27" r="8.5" />
      <path d="M17 49c1.6-7 7.6-11 15-11s13.4 4 15 11" />
    </>
  ),
  DOC_FRONT: (
    <>
      <path d={corners} />
      <rect x="14" y="19" width="36" height="26" rx="3.5" />
      <rect x="19" y="25" width="9" height="11" rx="1.5" />
      <path d="M33 26h12M33 32h12M19 40.5h26" />
    </>
  ),
  DOC_BACK: (
    <>
      <path d={corners} />
      <rect x="14" y="19" width="36" height="26" rx="3.5" />
      <path d="M19 26h8M33 26h12M19 34.5h26M19 40h26" />
    </>
  ),
  FACE_WITH_DOC: (
    <>
      <path d={corners} />
      <circle cx="24" cy="27" r="7" />
      <path d="M13 48c1-6 5.5-9.5 11-9.5 3.5 0 6.5 1.4 8.5 3.8" />
      <rect x="35" y="29" width="17" height="13" rx="2" />
      <path d="M39 33.5h3M39 37.5h9" />
    </>
  ),
  COMPARE: (
    <>
      <rect x="9" y="16" width="20" height="32" rx="3.5" />
      <rect x="35" y="16" width="20" height="32" rx="3.5" />
      <circle cx="19" cy="27" r="4" />
      <circle cx="45" cy="27" r="4" />
      <path d="M13.5 41c.8-4 3-6 5.5-6s4.7 2 5.5 6M39.5 41c.8-4 3-6 5.5-6s4.7 2 5.5 6" />
    </>
  ),
};

const kinds: Record<string, ComponentChildren> = {
  FEATURE: (
    <>
      <rect x="15" y="22" width="34" height="24" rx="3.5" transform="rotate(-12 32 34)" />
      <path d="M47 12v6M44 15h6M53 21v4M51 23h4" />
      <path d="M10 46c3 6 9 9 15 9m0 0-4-4m4 4-5 3" />
    </>
  ),
  CODE: (
    <>
      <rect x="10" y="17" width="44" height="30" rx="4" />
      <path d="m11 20 21 16 21-16" />
      <path d="M19 41h.01M25 41h.01M31 41h.01" />
    </>
  ),
  CHALLENGE: (
    <>
      <circle cx="32" cy="27" r="8.5" />
      <path d="M17 51c1.6-7 7.6-11 15-11s13.4 4 15 11" />
      <path d="M48 22a17 17 0 0 0-7-9m7 9 1.5-5.5M48 22l-5-2M16 22a17 17 0 0 1 7-9m-7 9-1.5-5.5M16 22l5-2" />
    </>
  ),
};

const talking = (
  <>
    <path d="M12 15h28a4 4 0 0 1 4 4v14a4 4 0 0 1-4 4H26l-8 7v-7h-6a4 4 0 0 1-4-4V19a4 4 0 0 1 4-4z" />
    <path d="M51 25a4 4 0 0 1 4 4v13a4 4 0 0 1-4 4h-3v6l-7-6h-9" />
  </>
);

/** A drawing of what to do in a step; its meaning stands beside it in words. */
export function Pictogram({ step }: { step: string }) {
  return (
    <span class="pictogram" aria-hidden="true">
      <svg viewBox="0 0 64 64" focusable="false">
        {drawings[step] ?? kinds[step.split('_')[0] ?? ''] ?? talking}
      </svg>
    </span>
  );
}
