<<<<<<<< HEAD:web/dist/assets/queue-aKdmW9x7.js
import{i as e}from"./Screen-2eEjr91i.js";function t(t){return t<0?e(`queue.waitUnknown`):t===0?e(`queue.waitNow`):e(`queue.waitMinutes`,{count:t})}function n(t){return t<=1?e(`queue.next`):e(`queue.number`,{place:t})}export{t as n,n as t};
========
import{i as e}from"./Screen--0gEVodu.js";function t(t){return t<0?e(`queue.waitUnknown`):t===0?e(`queue.waitNow`):e(`queue.waitMinutes`,{count:t})}function n(t){return t<=1?e(`queue.next`):e(`queue.number`,{place:t})}export{t as n,n as t};
>>>>>>>> 1551a57 (rooms, signaling, mail: who called off books again; rooms found over REST; mails that are off are noted so):web/dist/assets/queue-DhH0I4dV.js
