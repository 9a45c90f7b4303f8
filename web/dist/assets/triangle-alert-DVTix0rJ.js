<<<<<<<< HEAD:web/dist/assets/triangle-alert-DVTix0rJ.js
import{_ as e}from"./ui-Cv6kEPvV.js";var t={name:`triangle-alert`,size:24,node:[[`path`,{d:`m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3`,key:`wmoenq`}],[`path`,{d:`M12 9v4`,key:`juzpu7`}],[`path`,{d:`M12 17h.01`,key:`p32p05`}]],aliases:[`alert-triangle`]};t.node;var n=e(t);export{n as t};
========
import{_ as e}from"./ui-CinqC2Ki.js";var t={name:`triangle-alert`,size:24,node:[[`path`,{d:`m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3`,key:`wmoenq`}],[`path`,{d:`M12 9v4`,key:`juzpu7`}],[`path`,{d:`M12 17h.01`,key:`p32p05`}]],aliases:[`alert-triangle`]};t.node;var n=e(t);export{n as t};
>>>>>>>> fb04a21 (test/product: every page of sellers and account managers under axe, by keyboard, right to left, at twice the size, over a restart; web: an offline strip, headers wrap):web/dist/assets/triangle-alert-DolnxbTU.js
