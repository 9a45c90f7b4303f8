<<<<<<<< HEAD:web/dist/assets/queue-B77p3-GZ.js
import{y as e}from"./seller-BcIDbU4I.js";function t(t){return t<0?e(`queue.waitUnknown`):t===0?e(`queue.waitNow`):e(`queue.waitMinutes`,{count:t})}function n(t){return t<=1?e(`queue.next`):e(`queue.number`,{place:t})}function r(t){return t.break?e(`queue.onBreak`):t.minutes<0?e(`queue.nobody`):e(`queue.lead`)}export{n,t as r,r as t};
========
import{y as e}from"./seller-B7vxpZyc.js";function t(t){return t<0?e(`queue.waitUnknown`):t===0?e(`queue.waitNow`):e(`queue.waitMinutes`,{count:t})}function n(t){return t<=1?e(`queue.next`):e(`queue.number`,{place:t})}function r(t){return t.break?e(`queue.onBreak`):t.minutes<0?e(`queue.nobody`):e(`queue.lead`)}export{n,t as r,r as t};
>>>>>>>> 88f6408 (web, signaling: the test also says how fast the server's bytes come):web/dist/assets/queue-D-F5t-D7.js
