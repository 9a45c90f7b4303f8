/** What the console asks its manager in a dialog, '' while it asks nothing. */
export type Ask = '' | 'verdict' | 'flag' | 'keys' | 'end';
