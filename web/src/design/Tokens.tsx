import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { names, t } from './text';

/** One part of the page. */
export function Part({ title, line, children }: { title: string; line?: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{title}</h2>
      {line && <p class="part-line">{line}</p>}
      {children}
    </section>
  );
}

type Read = { name: string; hex: string; contrast: string };

/** The tokens as the browser has them, with the contrast that counts for each. */
export function Colours({ theme }: { theme: string }) {
  const list = useRef<HTMLUListElement>(null);
  const [read, setRead] = useState<Read[]>([]);
  useEffect(() => {
    const style = getComputedStyle(list.current!);
    const hex = (name: string) => style.getPropertyValue(`--${name}`).trim();
    setRead(names('token').map((name) => ({ name, hex: full(hex(name)), contrast: contrastOf(name, hex) })));
    for (const swatch of list.current!.querySelectorAll<HTMLElement>('.swatch')) swatch.style.setProperty('background', `var(--${swatch.dataset['token']})`);
  }, [theme]);
  return (
    <Part title={t('colour')} line={t('colourLine')}>
      <ul class="colours" ref={list}>
        {names('token').map((name, i) => (
          <li key={name}>
            <span class="swatch" data-token={name} />
            <span>
              <b>{name}</b>
              <span class="quiet">{t(`token.${name}`)}</span>
            </span>
            <code>{read[i]?.hex.toUpperCase()}</code>
            <span class="figures">{read[i]?.contrast}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

const fills = ['accent', 'accent-hover', 'danger-solid', 'ok-solid'];

function contrastOf(name: string, hex: (name: string) => string): string {
  if (name.endsWith('-tint')) return ratio(hex(name.replace('-tint', '-text')), hex(name));
  if (fills.includes(name)) return ratio('#ffffff', hex(name));
  if (name === 'control' || name === 'rec' || name.startsWith('text') || name.endsWith('-text')) return ratio(hex(name), hex('surface'));
  return '';
}

/** Contrast of two colours by WCAG 2.2, with one figure after the point. */
function ratio(a: string, b: string): string {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return ((high + 0.05) / (low + 0.05)).toFixed(1);
}

/** The built pages have short forms such as #fff. */
function full(hex: string): string {
  return hex.length === 4 ? `#${[...hex.slice(1)].map((c) => c + c).join('')}` : hex;
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const v = parseInt(full(hex).slice(i, i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const sellerScale = ['display', 'title', 'prompt', 'body', 'small', 'fine'] as const;
const consoleScale = ['figure', 'metric', 'heading', 'section', 'consoleBody', 'consoleSmall'] as const;

/** The type scale: the seller's, or that of the consoles. */
export function Scale({ seller }: { seller: boolean }) {
  return (
    <Part title={t('type')}>
      <dl class="scale">
        {(seller ? sellerScale : consoleScale).map((step) => (
          <div key={step}>
            <dt>{t(`scale.${step}`)}</dt>
            <dd class={`type-${seller ? 'seller' : 'console'}-${step}`}>
              {t(`sample.${step}`)} {step === 'consoleSmall' && <code>{t('sample.code')}</code>}
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

/** Spaces, radii and heights as boxes. */
export function Spaces() {
  return (
    <Part title={t('space')}>
      <div class="boxes">
        {[4, 8, 12, 16, 20, 24, 32, 40].map((px) => (
          <figure key={px}>
            <span class={`box space-${px}`} />
            <figcaption>{px}</figcaption>
          </figure>
        ))}
        <span class="boxes-gap" />
        {names('radius').map((name) => (
          <figure key={name}>
            <span class={`box radius-${name}`} />
            <figcaption>{t(`radius.${name}`)}</figcaption>
          </figure>
        ))}
        {names('height').map((name) => (
          <figure key={name}>
            <span class={`box height-${name}`} />
            <figcaption>{t(`height.${name}`)}</figcaption>
          </figure>
        ))}
      </div>
    </Part>
  );
}
