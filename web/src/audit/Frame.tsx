import { ChartNoAxesColumn, Inbox } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { KeysDialog, Rail } from '../shared/staff';
import type { Me } from './api';
import { t } from './text';

/** The frame of the auditor's pages: rail and content. */
export function Frame({ me, at = '/audit', children, keysOpen, onKeys }: { me: Me; at?: string; children: ComponentChildren; keysOpen: boolean; onKeys: (open: boolean) => void }) {
  return (
    <div class="audit">
      <Rail places={[{ href: '/audit', name: t('rail.worklist'), icon: Inbox }, { href: '/audit/agreement', name: t('rail.agreement'), icon: ChartNoAxesColumn }]} at={at} name={me.name} role="auditor" words={{ keys: t('rail.keys'), signOut: t('signOut') }} onKeys={() => onKeys(true)} />
      {children}
      {keysOpen && <AuditKeys onClose={() => onKeys(false)} />}
    </div>
  );
}

/** useKeysDialog holds whether the list of keys is open. */
export function useKeysDialog(): [boolean, (open: boolean) => void] {
  return useState(false);
}

function AuditKeys({ onClose }: { onClose: () => void }) {
  return (
    <KeysDialog
      title={t('keys.title')} line={t('keys.off')} single={t('keys.single')} singleLine={t('keys.singleLine')} onClose={onClose}
      groups={[
        { title: t('list.title'), keys: [['J K', t('keys.move')], ['Enter', t('keys.open')], ['/', t('keys.find')]] },
        { title: t('keys.review'), keys: [[t('keys.space'), t('keys.play')], ['← →', t('keys.frame')], ['⇧+← ⇧+→', t('keys.five')], ['J K', t('keys.still')], ['G', t('keys.mark')], ['A C X E', t('keys.decide')], ['Ctrl+↵', t('keys.send')], ['Esc', t('keys.back')]] },
      ]}
    />
  );
}
