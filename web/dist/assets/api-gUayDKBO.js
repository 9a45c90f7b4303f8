<<<<<<<< HEAD:web/dist/assets/api-gUayDKBO.js
import{i as e,r as t}from"./api-jNdWFGd-.js";var n=`/api/seller/queue`,r=e=>t(n,e),i=()=>e(n,{}),a=()=>e(`${n}/away`,{}),o=()=>e(`${n}/leave`,{});function s(){navigator.sendBeacon?.(`${n}/away`,new Blob([`{}`],{type:`application/json`}))}export{a,r as i,i as n,o as r,s as t};
========
import{i as e,r as t}from"./api-DS9olL_J.js";var n=`/api/seller/queue`,r=e=>t(n,e),i=()=>e(n,{}),a=()=>e(`${n}/away`,{}),o=()=>e(`${n}/leave`,{});function s(){navigator.sendBeacon?.(`${n}/away`,new Blob([`{}`],{type:`application/json`}))}export{a,r as i,i as n,o as r,s as t};
>>>>>>>> 1551a57 (rooms, signaling, mail: who called off books again; rooms found over REST; mails that are off are noted so):web/dist/assets/api-BJV9r0aN.js
