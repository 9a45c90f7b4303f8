<<<<<<<< HEAD:web/dist/assets/file-check-BQzPc-PY.js
import{_ as e}from"./ui-CdR9igU0.js";var t={name:`file-check`,size:24,node:[[`path`,{d:`M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z`,key:`1oefj6`}],[`path`,{d:`M14 2v5a1 1 0 0 0 1 1h5`,key:`wfsgrz`}],[`path`,{d:`m9 15 2 2 4-4`,key:`1grp1n`}]]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-DMkPwpjq.js";var t={name:`file-check`,size:24,node:[[`path`,{d:`M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z`,key:`1oefj6`}],[`path`,{d:`M14 2v5a1 1 0 0 0 1 1h5`,key:`wfsgrz`}],[`path`,{d:`m9 15 2 2 4-4`,key:`1grp1n`}]]};t.node;var n=e(t);export{n as t};
>>>>>>>> 1551a57 (rooms, signaling, mail: who called off books again; rooms found over REST; mails that are off are noted so):web/dist/assets/file-check-C7p6X1WQ.js
