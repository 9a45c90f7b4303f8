// The two sides of Utopia's specimen identity card (ID-1, 1600×1009 px) as HTML.
// Everything is drawn here: the person is an illustration, the state does not exist.
import { SPECIMEN, td2 } from './mrz.mjs';

export const CARD = { width: 1600, height: 1009 }; // ISO/IEC 7810 ID-1, ratio 1.586

const STYLE = `
  * { box-sizing: border-box; margin: 0 }
  html, body { width: ${CARD.width}px; height: ${CARD.height}px; overflow: hidden }
  body { font-family: "Inter", "Liberation Sans", "DejaVu Sans", sans-serif; color: #17212b; position: relative;
    background: linear-gradient(115deg, #e2eeee 0%, #f3efdf 55%, #ece4f2 100%) }
  header { position: absolute; inset: 0 0 auto 0; height: 138px; background: linear-gradient(90deg, #4b7d8c, #376b7c);
    color: #fff; padding: 38px 64px; font-size: 60px; font-weight: 700; letter-spacing: .1em }
  header small { position: absolute; right: 64px; top: 34px; font-size: 30px; letter-spacing: .08em; text-align: right }
  header small i { display: block; font: 400 24px "Liberation Sans", sans-serif; letter-spacing: .1em; opacity: .75; margin-top: 8px }
  svg { position: absolute; inset: 0 }
  .field { position: absolute } .field b { display: block; font-size: 24px; font-weight: 400; color: #3d6d7c }
  .field span { font-size: 45px; font-weight: 600; white-space: nowrap }
  .zone { position: absolute; inset: auto 0 0 0; height: 214px; background: #fbfaf4; padding: 38px 0 0 80px;
    font: 400 56px/70px "OCR B"; white-space: pre; color: #0b0d10 }
  .zone div { height: 70px; letter-spacing: 0 }
`;

const waves = (n, from, step, color) => Array.from({ length: n }, (_, i) => {
  const y = from + i * step;
  return `<path d="M0 ${y} q 100 -26 200 0 t 200 0 t 200 0 t 200 0 t 200 0 t 200 0 t 200 0 t 200 0" fill="none" stroke="${color}" stroke-width="2" opacity=".45"/>`;
}).join('');

const rosette = (cx, cy, r, color) => Array.from({ length: 18 }, (_, i) =>
  `<ellipse cx="${cx}" cy="${cy}" rx="${r}" ry="${r * 0.22}" transform="rotate(${i * 10} ${cx} ${cy})" fill="none" stroke="${color}" stroke-width="2" opacity=".4"/>`).join('');

// A drawn head and shoulders in a box of 100×130.
const portrait = (x, y, scale, opacity) => `<g transform="translate(${x} ${y}) scale(${scale})" opacity="${opacity}">
  <path d="M16 130 V54 C16 22 30 8 50 8 S84 22 84 54 V112 C84 118 80 120 74 120 H26 Z" fill="#2b2d31"/>
  <path d="M3 130 C8 112 26 106 40 103 H60 C74 106 92 112 97 130 Z" fill="#55595f"/>
  <path d="M40 84 H60 V104 C56 112 44 112 40 104 Z" fill="#a9a7a3"/>
  <path d="M29 50 C29 30 38 22 50 22 S71 30 71 50 C71 76 62 92 50 92 S29 76 29 50 Z" fill="#c4c2be"/>
  <path d="M27 56 C27 34 36 22 54 20 C46 34 36 40 31 44 Z M54 20 C64 22 74 32 73 56 C70 44 62 36 54 20 Z" fill="#2b2d31"/>
  <path d="M35 51 q6 -4 11 0 M54 51 q6 -4 11 0" stroke="#3a3836" stroke-width="1.6" fill="none"/>
  <circle cx="41" cy="55" r="2" fill="#26272a"/><circle cx="59" cy="55" r="2" fill="#26272a"/>
  <path d="M50 58 L48 68 L52 69" stroke="#85827e" stroke-width="1.2" fill="none"/>
  <path d="M43 78 q7 4 14 0" stroke="#6e5f5c" stroke-width="2" fill="none"/>
</g>`;

const field = (x, y, label, value) => `<div class="field" style="left:${x}px;top:${y}px"><b>${label}</b><span>${value}</span></div>`;

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const date = (yymmdd, century) =>
  `${yymmdd.slice(4)} ${MONTHS[Number(yymmdd.slice(2, 4)) - 1]} ${century}${yymmdd.slice(0, 2)}`;

const page = (title, body) => `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
<header>UTOPIA<small>${title}<i>SPECIMEN</i></small></header>${body}`;

/** The front: portrait, printed fields and the machine-readable zone. */
export function front(p = SPECIMEN) {
  const zone = td2(p).map((line) => `<div>${line.replaceAll('<', '&lt;')}</div>`).join('');
  return page('IDENTITY CARD', `
    <svg width="1600" height="1009">${waves(17, 170, 38, '#8fb7b8')}${rosette(1340, 450, 170, '#6f9fb0')}
      <rect x="64" y="206" width="384" height="496" fill="#dde3df" stroke="#f4f6f2" stroke-width="4"/>
      ${portrait(68, 209, 3.78, 1)}${portrait(1262, 176, 1.5, 0.45)}
      <defs><linearGradient id="h" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#a9dbe6"/><stop offset=".35" stop-color="#d9b8ea"/>
        <stop offset=".7" stop-color="#f1e0b4"/><stop offset="1" stop-color="#b6e3c4"/></linearGradient></defs>
      <ellipse cx="1358" cy="672" rx="134" ry="104" fill="url(#h)" stroke="#fff" stroke-width="3"/>
      <path d="M1358 580 L1412 744 L1270 642 L1446 642 L1304 744 Z" fill="none" stroke="#fff" stroke-width="4"/>
      <text x="1358" y="690" font-size="46" font-weight="700" text-anchor="middle" fill="#6d7f8e" font-family="Liberation Sans">UTO</text>
      <path d="M96 752 q24 -40 40 0 t40 -4 t40 -6 t44 8 t70 -12" fill="none" stroke="#2a4a63" stroke-width="5"/>
    </svg>
    ${field(496, 186, 'Surname / Nom', p.surname)}${field(496, 294, 'Given names / Prénoms', p.given)}
    ${field(496, 402, 'Date of birth', date(p.birth, 19))}${field(858, 402, 'Sex', p.sex)}${field(966, 402, 'Nationality', p.state)}
    ${field(496, 510, 'Document number', p.number)}${field(496, 618, 'Date of expiry', date(p.expiry, 20))}${field(858, 618, 'Height', '168 cm')}
    <div class="zone">${zone}</div>`);
}

/** The back: authority, address and a pattern; no machine-readable zone. */
export function back(p = SPECIMEN) {
  return page('IDENTITY CARD', `
    <svg width="1600" height="1009">${waves(22, 170, 38, '#b7b48f')}${rosette(1240, 560, 260, '#9a8f6a')}
      <rect x="64" y="790" width="1472" height="150" fill="#fbfaf4"/>
      ${Array.from({ length: 92 }, (_, i) => `<rect x="${90 + i * 15.6}" y="812" width="${[3, 5, 9, 6][(i * 7) % 4]}" height="106" fill="#14171a"/>`).join('')}
    </svg>
    ${field(96, 196, 'Place of birth / Lieu de naissance', 'ZENITH')}${field(96, 312, 'Address / Adresse', '12 HARBOUR LANE, ZENITH')}
    ${field(96, 428, 'Date of issue', '16 APR 2021')}${field(520, 428, 'Authority', 'CIVIL REGISTRY ZENITH')}
    ${field(96, 544, 'Document number', p.number)}${field(520, 544, 'Eyes', 'BROWN')}
    ${field(96, 660, 'Remark', 'SPECIMEN, NOT VALID FOR TRAVEL')}`);
}
