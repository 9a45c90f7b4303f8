<<<<<<<< HEAD:web/dist/assets/Announcer-CuBkJc_9.js
import{R as e,j as t,m as n}from"./ui-CdR9igU0.js";var r=t(``),i=t(``);function a(e){r.value=e}function o(e){i.value=e}function s(){return n(e,{children:[n(`div`,{class:`only-read`,"aria-live":`polite`,children:r}),n(`div`,{class:`only-read`,"aria-live":`assertive`,children:i})]})}export{a as n,o as r,s as t};
========
import{R as e,j as t,m as n}from"./ui-DMkPwpjq.js";var r=t(``),i=t(``);function a(e){r.value=e}function o(e){i.value=e}function s(){return n(e,{children:[n(`div`,{class:`only-read`,"aria-live":`polite`,children:r}),n(`div`,{class:`only-read`,"aria-live":`assertive`,children:i})]})}export{a as n,o as r,s as t};
>>>>>>>> 1551a57 (rooms, signaling, mail: who called off books again; rooms found over REST; mails that are off are noted so):web/dist/assets/Announcer-LKXlI-SK.js
