import { Archive, FileCog, LayoutGrid, Users } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { Rail } from '../shared/staff';
import type { Me } from './api';
import { t } from './text';

/** The frame of the operator's pages: rail, bar, content. */
export function Frame({ me, at, title, bar, children }: { me: Me; at: string; title: string; bar?: ComponentChildren; children: ComponentChildren }) {
  const places = [
    { href: '/operate', name: t('live'), icon: LayoutGrid },
    { href: '/operate/managers', name: t('managersTitle'), icon: Users },
    { href: '/operate/profiles', name: t('profiles'), icon: FileCog },
    { href: '/operate/retention', name: t('retention'), icon: Archive },
  ];
  return (
    <div class="operate">
      <Rail places={places} at={at} name={me.name} role="operator" words={{ keys: t('keys'), signOut: t('signOut') }} />
      <header class="operate-bar">
        <h1>{title}</h1>
        {bar}
      </header>
      {children}
    </div>
  );
}
