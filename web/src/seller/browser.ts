/** Browsers whose way to the camera's permission differs; 'inapp' is the browser inside another app. */
export type Browser = 'chrome' | 'safari' | 'firefox' | 'inapp' | 'other';

const inApp = /FBAN|FBAV|Instagram|MicroMessenger|Line\/|Snapchat|TikTok|musical_ly|LinkedInApp|; wv\)/;

/** Tells the browser by its name for itself: enough for an instruction, never used to refuse anybody. */
export function browserOf(agent: string): Browser {
  if (inApp.test(agent)) return 'inapp';
  if (/Firefox\/|FxiOS\//.test(agent)) return 'firefox';
  if (/Chrome\/|CriOS\/|Edg\//.test(agent)) return 'chrome';
  if (/Safari\//.test(agent)) return 'safari';
  return 'other';
}
