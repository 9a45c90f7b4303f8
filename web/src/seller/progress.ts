/** How far the seller has gone before the consent, in this tab. */
export type Progress = 'welcome' | 'documents' | 'check' | 'consent';
