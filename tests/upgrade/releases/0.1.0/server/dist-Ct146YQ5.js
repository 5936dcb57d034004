import{C as e,S as t,_ as n,a as r,b as i,c as a,d as o,f as s,g as c,h as l,i as u,l as d,m as f,n as p,o as m,p as h,r as g,s as _,t as v,u as y,v as b,w as x,x as S,y as C}from"./rows-CIjI7zPP.js";import{C as w,G as ee,R as te,S as ne,U as re,V as T,_ as ie,a as ae,b as oe,f as E,g as se,l as ce,m as le,n as ue,r as de,y as fe}from"./statistics-Wy-3EuOA.js";import{createRequire as pe}from"node:module";import{randomUUID as me}from"node:crypto";import{readFile as he,readdir as ge}from"node:fs/promises";var _e=Object.create,ve=Object.defineProperty,ye=Object.getOwnPropertyDescriptor,be=Object.getOwnPropertyNames,xe=Object.getPrototypeOf,Se=Object.prototype.hasOwnProperty,D=(e,t)=>()=>(t||(e((t={exports:{}}).exports,t,t.exports),e=null),t.exports),Ce=(e,t,n,r)=>{if(t&&typeof t==`object`||typeof t==`function`)for(var i=be(t),a=0,o=i.length,s;a<o;a++)s=i[a],!Se.call(e,s)&&s!==n&&ve(e,s,{get:(e=>t[e]).bind(null,s),enumerable:!(r=ye(t,s))||r.enumerable});return e},we=(e,t,n)=>(n=e==null?{}:_e(xe(e)),Ce(t||!e||!e.__esModule||!Se.call(e,`default`)?ve(n,`default`,{value:e,enumerable:!0}):n,e)),O=/* @__PURE__ */ pe(import.meta.url),Te=/* @__PURE__ */ D((e=>{e.parse=function(e,n){return new t(e,n).parse()};var t=class e{constructor(e,t){this.source=e,this.transform=t||n,this.position=0,this.entries=[],this.recorded=[],this.dimension=0}isEof(){return this.position>=this.source.length}nextCharacter(){var e=this.source[this.position++];return e===`\\`?{value:this.source[this.position++],escaped:!0}:{value:e,escaped:!1}}record(e){this.recorded.push(e)}newEntry(e){var t;(this.recorded.length>0||e)&&(t=this.recorded.join(``),t===`NULL`&&!e&&(t=null),t!==null&&(t=this.transform(t)),this.entries.push(t),this.recorded=[])}consumeDimensions(){if(this.source[0]===`[`)for(;!this.isEof()&&this.nextCharacter().value!==`=`;);}parse(t){var n,r,i;for(this.consumeDimensions();!this.isEof();)if(n=this.nextCharacter(),n.value===`{`&&!i)this.dimension++,this.dimension>1&&(r=new e(this.source.substr(this.position-1),this.transform),this.entries.push(r.parse(!0)),this.position+=r.position-2);else if(n.value===`}`&&!i){if(this.dimension--,!this.dimension&&(this.newEntry(),t))return this.entries}else n.value===`"`&&!n.escaped?(i&&this.newEntry(!0),i=!i):n.value===`,`&&!i?this.newEntry():this.record(n.value);if(this.dimension!==0)throw Error(`array dimension not balanced`);return this.entries}};function n(e){return e}})),Ee=/* @__PURE__ */ D(((e,t)=>{var n=Te();t.exports={create:function(e,t){return{parse:function(){return n.parse(e,t)}}}}})),De=/* @__PURE__ */ D(((e,t)=>{var n=/(\d{1,})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(\.\d{1,})?.*?( BC)?$/,r=/^(\d{1,})-(\d{2})-(\d{2})( BC)?$/,i=/([Z+-])(\d{2})?:?(\d{2})?:?(\d{2})?/,a=/^-?infinity$/;t.exports=function(e){if(a.test(e))return Number(e.replace(`i`,`I`));var t=n.exec(e);if(!t)return o(e)||null;var r=!!t[8],i=parseInt(t[1],10);r&&(i=c(i));var u=parseInt(t[2],10)-1,d=t[3],f=parseInt(t[4],10),p=parseInt(t[5],10),m=parseInt(t[6],10),h=t[7];h=h?1e3*parseFloat(h):0;var g,_=s(e);return _==null?(g=new Date(i,u,d,f,p,m,h),l(i)&&g.setFullYear(i)):(g=new Date(Date.UTC(i,u,d,f,p,m,h)),l(i)&&g.setUTCFullYear(i),_!==0&&g.setTime(g.getTime()-_)),g};function o(e){var t=r.exec(e);if(t){var n=parseInt(t[1],10);t[4]&&(n=c(n));var i=parseInt(t[2],10)-1,a=t[3],o=new Date(n,i,a);return l(n)&&o.setFullYear(n),o}}function s(e){if(e.endsWith(`+00`))return 0;var t=i.exec(e.split(` `)[1]);if(t){var n=t[1];if(n===`Z`)return 0;var r=n===`-`?-1:1;return(parseInt(t[2],10)*3600+parseInt(t[3]||0,10)*60+parseInt(t[4]||0,10))*r*1e3}}function c(e){return-(e-1)}function l(e){return e>=0&&e<100}})),Oe=/* @__PURE__ */ D(((e,t)=>{t.exports=r;var n=Object.prototype.hasOwnProperty;function r(e){for(var t=1;t<arguments.length;t++){var r=arguments[t];for(var i in r)n.call(r,i)&&(e[i]=r[i])}return e}})),ke=/* @__PURE__ */ D(((e,t)=>{var n=Oe();t.exports=r;function r(e){if(!(this instanceof r))return new r(e);n(this,g(e))}var i=[`seconds`,`minutes`,`hours`,`days`,`months`,`years`];r.prototype.toPostgres=function(){var e=i.filter(this.hasOwnProperty,this);return this.milliseconds&&e.indexOf(`seconds`)<0&&e.push(`seconds`),e.length===0?`0`:e.map(function(e){var t=this[e]||0;return e===`seconds`&&this.milliseconds&&(t=(t+this.milliseconds/1e3).toFixed(6).replace(/\.?0+$/,``)),t+` `+e},this).join(` `)};var a={years:`Y`,months:`M`,days:`D`,hours:`H`,minutes:`M`,seconds:`S`},o=[`years`,`months`,`days`],s=[`hours`,`minutes`,`seconds`];r.prototype.toISOString=r.prototype.toISO=function(){var e=o.map(n,this).join(``),t=s.map(n,this).join(``);return`P`+e+`T`+t;function n(e){var t=this[e]||0;return e===`seconds`&&this.milliseconds&&(t=(t+this.milliseconds/1e3).toFixed(6).replace(/0+$/,``)),t+a[e]}};var c=`([+-]?\\d+)`,l=c+`\\s+years?`,u=c+`\\s+mons?`,d=c+`\\s+days?`,f=new RegExp([l,u,d,`([+-])?([\\d]*):(\\d\\d):(\\d\\d)\\.?(\\d{1,6})?`].map(function(e){return`(`+e+`)?`}).join(`\\s*`)),p={years:2,months:4,days:6,hours:9,minutes:10,seconds:11,milliseconds:12},m=[`hours`,`minutes`,`seconds`,`milliseconds`];function h(e){var t=e+`000000`.slice(e.length);return parseInt(t,10)/1e3}function g(e){if(!e)return{};var t=f.exec(e),n=t[8]===`-`;return Object.keys(p).reduce(function(e,r){var i=t[p[r]];return!i||(i=r===`milliseconds`?h(i):parseInt(i,10),!i)||(n&&~m.indexOf(r)&&(i*=-1),e[r]=i),e},{})}})),Ae=/* @__PURE__ */ D(((e,t)=>{var n=Buffer.from||Buffer;t.exports=function(e){if(/^\\x/.test(e))return n(e.substr(2),`hex`);for(var t=``,r=0;r<e.length;)if(e[r]!==`\\`)t+=e[r],++r;else if(/[0-7]{3}/.test(e.substr(r+1,3)))t+=String.fromCharCode(parseInt(e.substr(r+1,3),8)),r+=4;else{for(var i=1;r+i<e.length&&e[r+i]===`\\`;)i++;for(var a=0;a<Math.floor(i/2);++a)t+=`\\`;r+=Math.floor(i/2)*2}return n(t,`binary`)}})),je=/* @__PURE__ */ D(((e,t)=>{var n=Te(),r=Ee(),i=De(),a=ke(),o=Ae();function s(e){return function(t){return t===null?t:e(t)}}function c(e){return e===null?e:e===`TRUE`||e===`t`||e===`true`||e===`y`||e===`yes`||e===`on`||e===`1`}function l(e){return e?n.parse(e,c):null}function u(e){return parseInt(e,10)}function d(e){return e?n.parse(e,s(u)):null}function f(e){return e?n.parse(e,s(function(e){return b(e).trim()})):null}var p=function(e){return e?r.create(e,function(e){return e!==null&&(e=S(e)),e}).parse():null},m=function(e){return e?r.create(e,function(e){return e!==null&&(e=parseFloat(e)),e}).parse():null},h=function(e){return e?r.create(e).parse():null},g=function(e){return e?r.create(e,function(e){return e!==null&&(e=i(e)),e}).parse():null},_=function(e){return e?r.create(e,function(e){return e!==null&&(e=a(e)),e}).parse():null},v=function(e){return e?n.parse(e,s(o)):null},y=function(e){return parseInt(e,10)},b=function(e){var t=String(e);return/^\d+$/.test(t)?t:e},x=function(e){return e?n.parse(e,s(JSON.parse)):null},S=function(e){return e[0]===`(`?(e=e.substring(1,e.length-1).split(`,`),{x:parseFloat(e[0]),y:parseFloat(e[1])}):null},C=function(e){if(e[0]!==`<`&&e[1]!==`(`)return null;for(var t=`(`,n=``,r=!1,i=2;i<e.length-1;i++)r||(t+=e[i]),e[i]===`)`?r=!0:r&&e[i]!==`,`&&(n+=e[i]);var a=S(t);return a.radius=parseFloat(n),a};t.exports={init:function(e){e(20,b),e(21,y),e(23,y),e(26,y),e(700,parseFloat),e(701,parseFloat),e(16,c),e(1082,i),e(1114,i),e(1184,i),e(600,S),e(651,h),e(718,C),e(1e3,l),e(1001,v),e(1005,d),e(1007,d),e(1028,d),e(1016,f),e(1017,p),e(1021,m),e(1022,m),e(1231,m),e(1014,h),e(1015,h),e(1008,h),e(1009,h),e(1040,h),e(1041,h),e(1115,g),e(1182,g),e(1185,g),e(1186,a),e(1187,_),e(17,o),e(114,JSON.parse.bind(JSON)),e(3802,JSON.parse.bind(JSON)),e(199,x),e(3807,x),e(3907,h),e(2951,h),e(791,h),e(1183,h),e(1270,h)}}})),Me=/* @__PURE__ */ D(((e,t)=>{var n=1e6;function r(e){var t=e.readInt32BE(0),r=e.readUInt32BE(4),i=``;t<0&&(t=~t+(r===0),r=~r+1>>>0,i=`-`);var a=``,o=t%n,s,c,l,u,d;if(t=t/n>>>0,s=4294967296*o+r,r=s/n>>>0,c=``+(s-n*r),r===0&&t===0)return i+c+a;for(l=``,u=6-c.length,d=0;d<u;d++)l+=`0`;if(a=l+c+a,o=t%n,t=t/n>>>0,s=4294967296*o+r,r=s/n>>>0,c=``+(s-n*r),r===0&&t===0)return i+c+a;for(l=``,u=6-c.length,d=0;d<u;d++)l+=`0`;if(a=l+c+a,o=t%n,t=t/n>>>0,s=4294967296*o+r,r=s/n>>>0,c=``+(s-n*r),r===0&&t===0)return i+c+a;for(l=``,u=6-c.length,d=0;d<u;d++)l+=`0`;return a=l+c+a,o=t%n,s=4294967296*o+r,c=``+s%n,i+c+a}t.exports=r})),Ne=/* @__PURE__ */ D(((e,t)=>{var n=Me(),r=function(e,t,n,r,i){n||=0,r||=!1,i||=function(e,t,n){return e*2**n+t};var a=n>>3,o=function(e){return r?~e&255:e},s=255,c=8-n%8;t<c&&(s=255<<8-t&255,c=t),n&&(s>>=n%8);var l=0;n%8+t>=8&&(l=i(0,o(e[a])&s,c));for(var u=t+n>>3,d=a+1;d<u;d++)l=i(l,o(e[d]),8);var f=(t+n)%8;return f>0&&(l=i(l,o(e[u])>>8-f,f)),l},i=function(e,t,n){var i=2**(n-1)-1,a=r(e,1),o=r(e,n,1);if(o===0)return 0;var s=1,c=r(e,t,n+1,!1,function(e,t,n){e===0&&(e=1);for(var r=1;r<=n;r++)s/=2,(t&1<<n-r)>0&&(e+=s);return e});return o==2**(n+1)-1?c===0?a===0?1/0:-1/0:NaN:(a===0?1:-1)*2**(o-i)*c},a=function(e){return r(e,1)==1?-1*(r(e,15,1,!0)+1):r(e,15,1)},o=function(e){return r(e,1)==1?-1*(r(e,31,1,!0)+1):r(e,31,1)},s=function(e){return i(e,23,8)},c=function(e){return i(e,52,11)},l=function(e){var t=r(e,16,32);if(t==49152)return NaN;for(var n=1e4**r(e,16,16),i=0,a=r(e,16),o=0;o<a;o++)i+=r(e,16,64+16*o)*n,n/=1e4;var s=10**r(e,16,48);return(t===0?1:-1)*Math.round(i*s)/s},u=function(e,t){var n=r(t,1),i=r(t,63,1),a=/* @__PURE__ */ new Date((n===0?1:-1)*i/1e3+9466848e5);return e||a.setTime(a.getTime()+a.getTimezoneOffset()*6e4),a.usec=i%1e3,a.getMicroSeconds=function(){return this.usec},a.setMicroSeconds=function(e){this.usec=e},a.getUTCMicroSeconds=function(){return this.usec},a},d=function(e){var t=r(e,32);r(e,32,32);for(var n=r(e,32,64),i=96,a=[],o=0;o<t;o++)a[o]=r(e,32,i),i+=32,i+=32;var s=function(t){var n=r(e,32,i);if(i+=32,n==4294967295)return null;var a;if(t==23||t==20)return a=r(e,n*8,i),i+=n*8,a;if(t==25)return a=e.toString(this.encoding,i>>3,(i+=n<<3)>>3),a;console.log(`ERROR: ElementType not implemented: `+t)},c=function(e,t){var n=[],r;if(e.length>1){var i=e.shift();for(r=0;r<i;r++)n[r]=c(e,t);e.unshift(i)}else for(r=0;r<e[0];r++)n[r]=s(t);return n};return c(a,n)},f=function(e){return e.toString(`utf8`)},p=function(e){return e===null?null:r(e,8)>0};t.exports={init:function(e){e(20,n),e(21,a),e(23,o),e(26,o),e(1700,l),e(700,s),e(701,c),e(16,p),e(1114,u.bind(null,!1)),e(1184,u.bind(null,!0)),e(1e3,d),e(1007,d),e(1016,d),e(1008,d),e(1009,d),e(25,f)}}})),Pe=/* @__PURE__ */ D(((e,t)=>{t.exports={BOOL:16,BYTEA:17,CHAR:18,INT8:20,INT2:21,INT4:23,REGPROC:24,TEXT:25,OID:26,TID:27,XID:28,CID:29,JSON:114,XML:142,PG_NODE_TREE:194,SMGR:210,PATH:602,POLYGON:604,CIDR:650,FLOAT4:700,FLOAT8:701,ABSTIME:702,RELTIME:703,TINTERVAL:704,CIRCLE:718,MACADDR8:774,MONEY:790,MACADDR:829,INET:869,ACLITEM:1033,BPCHAR:1042,VARCHAR:1043,DATE:1082,TIME:1083,TIMESTAMP:1114,TIMESTAMPTZ:1184,INTERVAL:1186,TIMETZ:1266,BIT:1560,VARBIT:1562,NUMERIC:1700,REFCURSOR:1790,REGPROCEDURE:2202,REGOPER:2203,REGOPERATOR:2204,REGCLASS:2205,REGTYPE:2206,UUID:2950,TXID_SNAPSHOT:2970,PG_LSN:3220,PG_NDISTINCT:3361,PG_DEPENDENCIES:3402,TSVECTOR:3614,TSQUERY:3615,GTSVECTOR:3642,REGCONFIG:3734,REGDICTIONARY:3769,JSONB:3802,REGNAMESPACE:4089,REGROLE:4096}})),k=/* @__PURE__ */ D((e=>{var t=je(),n=Ne(),r=Ee(),i=Pe();e.getTypeParser=s,e.setTypeParser=c,e.arrayParser=r,e.builtins=i;var a={text:{},binary:{}};function o(e){return String(e)}function s(e,t){return t||=`text`,a[t]&&a[t][e]||o}function c(e,t,n){typeof t==`function`&&(n=t,t=`text`),a[t][e]=n}t.init(function(e,t){a.text[e]=t}),n.init(function(e,t){a.binary[e]=t})})),A=/* @__PURE__ */ D(((e,t)=>{let n;try{n=process.platform===`win32`?process.env.USERNAME:process.env.USER}catch{}t.exports={host:`localhost`,user:n,database:void 0,password:null,connectionString:void 0,port:5432,rows:0,binary:!1,max:10,idleTimeoutMillis:3e4,client_encoding:``,ssl:!1,sslnegotiation:void 0,application_name:void 0,fallback_application_name:void 0,options:void 0,parseInputDatesAsUTC:!1,statement_timeout:!1,lock_timeout:!1,idle_in_transaction_session_timeout:!1,query_timeout:!1,connect_timeout:0,keepalives:1,keepalives_idle:0};let r=k(),i=r.getTypeParser(20,`text`),a=r.getTypeParser(1016,`text`);t.exports.__defineSetter__(`parseInt8`,function(e){r.setTypeParser(20,`text`,e?r.getTypeParser(23,`text`):i),r.setTypeParser(1016,`text`,e?r.getTypeParser(1007,`text`):a)})})),j=/* @__PURE__ */ D(((e,t)=>{let n=A(),r=O(`util`),{isDate:i}=O(`util/types`),a=r.deprecate(()=>{},`Sending an invalid date to Postgres is deprecated and will throw an error in the next major version of pg. Ensure any Date object passed as a query parameter is valid.`,`PG_INVALID_DATE`);function o(e){return`"`+e.replace(/\\/g,`\\\\`).replace(/"/g,`\\"`)+`"`}function s(e){let t=`{`;for(let n=0;n<e.length;n++){n>0&&(t+=`,`);let r=e[n];r==null?t+=`NULL`:Array.isArray(r)?t+=s(r):ArrayBuffer.isView(r)?(r instanceof Buffer||(r=Buffer.from(r.buffer,r.byteOffset,r.byteLength)),t+=`\\\\x`+r.toString(`hex`)):t+=o(c(r))}return t+=`}`,t}let c=function(e,t){return e==null?null:typeof e==`object`?e instanceof Buffer?e:ArrayBuffer.isView(e)?Buffer.from(e.buffer,e.byteOffset,e.byteLength):i(e)?(isNaN(e.getTime())&&a(),n.parseInputDatesAsUTC?d(e):u(e)):Array.isArray(e)?s(e):l(e,t):e.toString()};function l(e,t){if(e&&typeof e.toPostgres==`function`){if(t||=[],t.indexOf(e)!==-1)throw Error(`circular reference detected while preparing "`+e+`" for query`);return t.push(e),c(e.toPostgres(c),t)}return JSON.stringify(e)}function u(e){let t=-e.getTimezoneOffset(),n=e.getFullYear(),r=n<1;r&&(n=Math.abs(n)+1);let i=String(n).padStart(4,`0`)+`-`+String(e.getMonth()+1).padStart(2,`0`)+`-`+String(e.getDate()).padStart(2,`0`)+`T`+String(e.getHours()).padStart(2,`0`)+`:`+String(e.getMinutes()).padStart(2,`0`)+`:`+String(e.getSeconds()).padStart(2,`0`)+`.`+String(e.getMilliseconds()).padStart(3,`0`);return t<0?(i+=`-`,t*=-1):i+=`+`,i+=String(Math.floor(t/60)).padStart(2,`0`)+`:`+String(t%60).padStart(2,`0`),r&&(i+=` BC`),i}function d(e){let t=e.getUTCFullYear(),n=t<1;n&&(t=Math.abs(t)+1);let r=String(t).padStart(4,`0`)+`-`+String(e.getUTCMonth()+1).padStart(2,`0`)+`-`+String(e.getUTCDate()).padStart(2,`0`)+`T`+String(e.getUTCHours()).padStart(2,`0`)+`:`+String(e.getUTCMinutes()).padStart(2,`0`)+`:`+String(e.getUTCSeconds()).padStart(2,`0`)+`.`+String(e.getUTCMilliseconds()).padStart(3,`0`);return r+=`+00:00`,n&&(r+=` BC`),r}function f(e,t,n){return e=typeof e==`string`?{text:e}:p(e),t&&(typeof t==`function`?e.callback=t:e.values=t),n&&(e.callback=n),e}function p(e){return e==null?e:Object.defineProperties(Object.create(Object.getPrototypeOf(e)),Object.getOwnPropertyDescriptors(e))}t.exports={prepareValue:function(e){return c(e)},normalizeQueryConfig:f,escapeIdentifier:function(e){return`"`+e.replace(/"/g,`""`)+`"`},escapeLiteral:function(e){let t=!1,n=`'`;if(e==null||typeof e!=`string`)return`''`;for(let r=0;r<e.length;r++){let i=e[r];i===`'`?n+=i+i:i===`\\`?(n+=i+i,t=!0):n+=i}return n+=`'`,t===!0&&(n=` E`+n),n}}})),Fe=/* @__PURE__ */ D(((e,t)=>{let n=O(`crypto`);t.exports={postgresMd5PasswordHash:c,randomBytes:o,deriveKey:f,sha256:l,hashByName:u,hmacSha256:d,md5:s};let r=n.webcrypto||globalThis.crypto,i=r.subtle,a=new TextEncoder;function o(e){return r.getRandomValues(Buffer.alloc(e))}async function s(e){try{return n.createHash(`md5`).update(e,`utf-8`).digest(`hex`)}catch{let t=typeof e==`string`?a.encode(e):e,n=await i.digest(`MD5`,t);return Array.from(new Uint8Array(n)).map(e=>e.toString(16).padStart(2,`0`)).join(``)}}async function c(e,t,n){let r=await s(t+e);return`md5`+await s(Buffer.concat([Buffer.from(r),n]))}async function l(e){return await i.digest(`SHA-256`,e)}async function u(e,t){return await i.digest(e,t)}async function d(e,t){let n=await i.importKey(`raw`,e,{name:`HMAC`,hash:`SHA-256`},!1,[`sign`]);return await i.sign(`HMAC`,n,a.encode(t))}async function f(e,t,n){let r=await i.importKey(`raw`,a.encode(e),`PBKDF2`,!1,[`deriveBits`]),o={name:`PBKDF2`,hash:`SHA-256`,salt:t,iterations:n};return await i.deriveBits(o,r,256,[`deriveBits`])}})),Ie=/* @__PURE__ */ D(((e,t)=>{function n(e,t){return/* @__PURE__ */ Error(`SASL channel binding: `+e+` when parsing public certificate `+t.toString(`base64`))}function r(e,t){let r=e[t++];if(r<128)return{length:r,index:t};let i=r&127;if(i>4)throw n(`bad length`,e);r=0;for(let n=0;n<i;n++)r=r<<8|e[t++];return{length:r,index:t}}function i(e,t){if(e[t++]!==6)throw n(`non-OID data`,e);let{length:i,index:a}=r(e,t);t=a;let o=t+i,s=e[t++],c=(s/40|0)+`.`+s%40;for(;t<o;){let n=0;for(;t<o;){let r=e[t++];if(n=n<<7|r&127,r<128)break}c+=`.`+n}return{oid:c,index:t}}function a(e,t){if(e[t++]!==48)throw n(`non-sequence data`,e);return r(e,t)}function o(e,t){t===void 0&&(t=0),t=a(e,t).index;let{length:o,index:s}=a(e,t);t=s+o,t=a(e,t).index;let{oid:c,index:l}=i(e,t);switch(c){case`1.2.840.113549.1.1.4`:return`MD5`;case`1.2.840.113549.1.1.5`:return`SHA-1`;case`1.2.840.113549.1.1.11`:return`SHA-256`;case`1.2.840.113549.1.1.12`:return`SHA-384`;case`1.2.840.113549.1.1.13`:return`SHA-512`;case`1.2.840.113549.1.1.14`:return`SHA-224`;case`1.2.840.113549.1.1.15`:return`SHA512-224`;case`1.2.840.113549.1.1.16`:return`SHA512-256`;case`1.2.840.10045.4.1`:return`SHA-1`;case`1.2.840.10045.4.3.1`:return`SHA-224`;case`1.2.840.10045.4.3.2`:return`SHA-256`;case`1.2.840.10045.4.3.3`:return`SHA-384`;case`1.2.840.10045.4.3.4`:return`SHA-512`;case`1.2.840.113549.1.1.10`:{if(t=l,t=a(e,t).index,e[t++]!==160)throw n(`non-tag data`,e);t=r(e,t).index,t=a(e,t).index;let{oid:o}=i(e,t);switch(o){case`1.2.840.113549.2.5`:return`MD5`;case`1.3.14.3.2.26`:return`SHA-1`;case`2.16.840.1.101.3.4.2.1`:return`SHA-256`;case`2.16.840.1.101.3.4.2.2`:return`SHA-384`;case`2.16.840.1.101.3.4.2.3`:return`SHA-512`}throw n(`unknown hash OID `+o,e)}case`1.3.101.110`:case`1.3.101.112`:return`SHA-512`;case`1.3.101.111`:case`1.3.101.113`:throw n(`Ed448 certificate channel binding is not currently supported by Postgres`)}throw n(`unknown OID `+c,e)}t.exports={signatureAlgorithmHashFromCertificate:o}})),Le=/* @__PURE__ */ D(((e,t)=>{let n=Fe(),{signatureAlgorithmHashFromCertificate:r}=Ie();function i(e){return e.replace(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g,` `).replace(/[\u00AD\u034F\u1806\u180B\u180C\u180D\u200C\u200D\u2060\uFE00-\uFE0F\uFEFF]/g,``).normalize(`NFKC`)}let a=1e5;function o(e,t,r=a){let i=[`SCRAM-SHA-256`];t&&i.unshift(`SCRAM-SHA-256-PLUS`);let o=i.find(t=>e.includes(t));if(!o)throw Error(`SASL: Only mechanism(s) `+i.join(` and `)+` are supported`);if(o===`SCRAM-SHA-256-PLUS`&&typeof t.getPeerCertificate!=`function`)throw Error(`SASL: Mechanism SCRAM-SHA-256-PLUS requires a certificate`);let s=n.randomBytes(18).toString(`base64`);return{mechanism:o,clientNonce:s,response:(o===`SCRAM-SHA-256-PLUS`?`p=tls-server-end-point`:t?`y`:`n`)+`,,n=*,r=`+s,message:`SASLInitialResponse`,scramMaxIterations:r}}async function s(e,t,o,s){if(e.message!==`SASLInitialResponse`)throw Error(`SASL: Last message was not SASLInitialResponse`);if(typeof t!=`string`)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string`);if(t===``)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string`);if(typeof o!=`string`)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: serverData must be a string`);let c=f(o);if(!c.nonce.startsWith(e.clientNonce))throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: server nonce does not start with client nonce`);if(c.nonce.length===e.clientNonce.length)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: server nonce is too short`);let l=typeof e.scramMaxIterations==`number`?e.scramMaxIterations:a;if(l!==0&&c.iteration>l)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: iteration count `+c.iteration+` exceeds scramMaxIterations of `+l);let u=`n=*,r=`+e.clientNonce,d=`r=`+c.nonce+`,s=`+c.salt+`,i=`+c.iteration,p=s?`eSws`:`biws`;if(e.mechanism===`SCRAM-SHA-256-PLUS`){let e=s.getPeerCertificate().raw,t=r(e);(t===`MD5`||t===`SHA-1`)&&(t=`SHA-256`);let i=await n.hashByName(t,e);p=Buffer.concat([Buffer.from(`p=tls-server-end-point,,`),Buffer.from(i)]).toString(`base64`)}let h=`c=`+p+`,r=`+c.nonce,g=u+`,`+d+`,`+h,_=Buffer.from(c.salt,`base64`),v=await n.deriveKey(i(t),_,c.iteration),y=await n.hmacSha256(v,`Client Key`),b=await n.sha256(y),x=await n.hmacSha256(b,g),S=m(Buffer.from(y),Buffer.from(x)).toString(`base64`),C=await n.hmacSha256(v,`Server Key`),w=await n.hmacSha256(C,g);e.message=`SASLResponse`,e.serverSignature=Buffer.from(w).toString(`base64`),e.response=h+`,p=`+S}function c(e,t){if(e.message!==`SASLResponse`)throw Error(`SASL: Last message was not SASLResponse`);if(typeof t!=`string`)throw Error(`SASL: SCRAM-SERVER-FINAL-MESSAGE: serverData must be a string`);let{serverSignature:n}=p(t);if(n!==e.serverSignature)throw Error(`SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match`)}function l(e){if(typeof e!=`string`)throw TypeError(`SASL: text must be a string`);return e.split(``).map((t,n)=>e.charCodeAt(n)).every(e=>e>=33&&e<=43||e>=45&&e<=126)}function u(e){return/^(?:[a-zA-Z0-9+/]{4})*(?:[a-zA-Z0-9+/]{2}==|[a-zA-Z0-9+/]{3}=)?$/.test(e)}function d(e){if(typeof e!=`string`)throw TypeError(`SASL: attribute pairs text must be a string`);return new Map(e.split(`,`).map(e=>{if(!/^.=/.test(e))throw Error(`SASL: Invalid attribute pair entry`);return[e[0],e.substring(2)]}))}function f(e){let t=d(e),n=t.get(`r`);if(!n)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: nonce missing`);if(!l(n))throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: nonce must only contain printable characters`);let r=t.get(`s`);if(!r)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: salt missing`);if(!u(r))throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: salt must be base64`);let i=t.get(`i`);if(!i)throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: iteration missing`);if(!/^[1-9][0-9]*$/.test(i))throw Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: invalid iteration count`);return{nonce:n,salt:r,iteration:parseInt(i,10)}}function p(e){let t=d(e),n=t.get(`e`),r=t.get(`v`);if(n)throw Error(`SASL: SCRAM-SERVER-FINAL-MESSAGE: server returned error: "${n}"`);if(!r)throw Error(`SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature is missing`);if(!u(r))throw Error(`SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature must be base64`);return{serverSignature:r}}function m(e,t){if(!Buffer.isBuffer(e))throw TypeError(`first argument must be a Buffer`);if(!Buffer.isBuffer(t))throw TypeError(`second argument must be a Buffer`);if(e.length!==t.length)throw Error(`Buffer lengths must match`);if(e.length===0)throw Error(`Buffers cannot be empty`);return Buffer.from(e.map((n,r)=>e[r]^t[r]))}t.exports={startSession:o,continueSession:s,finalizeSession:c,DEFAULT_MAX_SCRAM_ITERATIONS:a}})),Re=/* @__PURE__ */ D(((e,t)=>{let n=k();function r(e){this._types=e||n,this.text={},this.binary={}}r.prototype.getOverrides=function(e){switch(e){case`text`:return this.text;case`binary`:return this.binary;default:return{}}},r.prototype.setTypeParser=function(e,t,n){typeof t==`function`&&(n=t,t=`text`),this.getOverrides(t)[e]=n},r.prototype.getTypeParser=function(e,t){return t||=`text`,this.getOverrides(t)[e]||this._types.getTypeParser(e,t)},t.exports=r})),ze=/* @__PURE__ */ D(((e,t)=>{function n(e,t={}){if(e.charAt(0)===`/`){let t=e.split(` `);return{host:t[0],database:t[1]}}let n=Object.create(null),r,i=!1;/ |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(e)&&(e=encodeURI(e).replace(/%25(\d\d)/g,`%$1`));try{try{r=new URL(e,`postgres://base`)}catch{r=new URL(e.replace(`@/`,`@___DUMMY___/`),`postgres://base`),i=!0}}catch(e){throw e.input&&=`*****REDACTED*****`,e}for(let e of r.searchParams.entries())n[e[0]]=e[1];if(n.user=n.user||decodeURIComponent(r.username),n.password=n.password||decodeURIComponent(r.password),r.protocol==`socket:`)return n.host=decodeURI(r.pathname),n.database=r.searchParams.get(`db`),n.client_encoding=r.searchParams.get(`encoding`),n;let a=(i?``:r.hostname).replace(/^\[(.+)\]$/,`$1`);n.host?a&&/^%2f/i.test(a)&&(r.pathname=a+r.pathname):n.host=decodeURIComponent(a),n.port||=r.port;let s=r.pathname.slice(1)||null;n.database=s?decodeURI(s):null,(n.ssl===`true`||n.ssl===`1`)&&(n.ssl=!0),n.ssl===`0`&&(n.ssl=!1),(n.sslcert||n.sslkey||n.sslrootcert||n.sslmode)&&(n.ssl={}),n.sslnegotiation===`direct`&&n.ssl===void 0&&(n.ssl=!0);let c=n.sslcert||n.sslkey||n.sslrootcert?O(`fs`):null;if(n.sslcert&&(n.ssl.cert=c.readFileSync(n.sslcert).toString()),n.sslkey&&(n.ssl.key=c.readFileSync(n.sslkey).toString()),n.sslrootcert&&(n.ssl.ca=c.readFileSync(n.sslrootcert).toString()),t.useLibpqCompat&&n.uselibpqcompat)throw Error(`Both useLibpqCompat and uselibpqcompat are set. Please use only one of them.`);if(n.uselibpqcompat===`true`||t.useLibpqCompat)switch(n.sslmode){case`disable`:n.ssl=!1;break;case`prefer`:n.ssl.rejectUnauthorized=!1;break;case`require`:n.sslrootcert?n.ssl.checkServerIdentity=function(){}:n.ssl.rejectUnauthorized=!1;break;case`verify-ca`:if(!n.ssl.ca)throw Error(`SECURITY WARNING: Using sslmode=verify-ca requires specifying a CA with sslrootcert. If a public CA is used, verify-ca allows connections to a server that somebody else may have registered with the CA, making you vulnerable to Man-in-the-Middle attacks. Either specify a custom CA certificate with sslrootcert parameter or use sslmode=verify-full for proper security.`);n.ssl.checkServerIdentity=function(){}}else switch(n.sslmode){case`disable`:n.ssl=!1;break;case`prefer`:case`require`:case`verify-ca`:case`verify-full`:n.sslmode!==`verify-full`&&o(n.sslmode);break;case`no-verify`:n.ssl.rejectUnauthorized=!1}return n}function r(e){return Object.entries(e).reduce((e,[t,n])=>(n!=null&&(e[t]=n),e),Object.create(null))}function i(e){return Object.entries(e).reduce((e,[t,n])=>{if(t===`ssl`){let i=n;typeof i==`boolean`&&(e[t]=i),typeof i==`object`&&(e[t]=r(i))}else if(n!=null){if(t===`port`){if(n!==``){let r=parseInt(n,10);if(isNaN(r))throw Error(`Invalid ${t}: ${n}`);e[t]=r}}else e[t]=n}return e},Object.create(null))}function a(e){return i(n(e))}function o(e){!o.warned&&typeof process<`u`&&process.emitWarning&&(o.warned=!0,process.emitWarning(`SECURITY WARNING: The SSL modes 'prefer', 'require', and 'verify-ca' are treated as aliases for 'verify-full'.
In the next major version (pg-connection-string v3.0.0 and pg v9.0.0), these modes will adopt standard libpq semantics, which have weaker security guarantees.

To prepare for this change:
- If you want the current behavior, explicitly use 'sslmode=verify-full'
- If you want libpq compatibility now, use 'uselibpqcompat=true&sslmode=${e}'

See https://www.postgresql.org/docs/current/libpq-ssl.html for libpq SSL mode definitions.`))}t.exports=n,n.parse=n,n.toClientConfig=i,n.parseIntoClientConfig=a})),Be=/* @__PURE__ */ D(((e,t)=>{let n=O(`dns`),r=A(),i=ze().parse,a=function(e,t,n){return t[e]?t[e]:(n===void 0?n=process.env[`PG`+e.toUpperCase()]:n===!1||(n=process.env[n]),n||r[e])},o=function(){switch(process.env.PGSSLMODE){case`disable`:return!1;case`prefer`:case`require`:case`verify-ca`:case`verify-full`:return!0;case`no-verify`:return{rejectUnauthorized:!1}}return r.ssl},s=function(e){return`'`+(``+e).replace(/\\/g,`\\\\`).replace(/'/g,`\\'`)+`'`},c=function(e,t,n){let r=t[n];r!=null&&e.push(n+`=`+s(r))};t.exports=class{constructor(e){if(e=typeof e==`string`?i(e):e||{},e.connectionString&&(e=Object.assign({},e,i(e.connectionString))),this.user=a(`user`,e),this.database=a(`database`,e),this.database===void 0&&(this.database=this.user),this.port=parseInt(a(`port`,e),10),this.host=a(`host`,e),Object.defineProperty(this,"password",{configurable:!0,enumerable:!1,writable:!0,value:a(`password`,e)}),this.binary=a(`binary`,e),this.options=a(`options`,e),this.ssl=e.ssl===void 0?o():e.ssl,typeof this.ssl==`string`&&this.ssl===`true`&&(this.ssl=!0),this.ssl===`no-verify`&&(this.ssl={rejectUnauthorized:!1}),this.ssl&&this.ssl.key&&Object.defineProperty(this.ssl,"key",{enumerable:!1}),this.sslnegotiation=a(`sslnegotiation`,e,`PGSSLNEGOTIATION`),this.sslnegotiation!==void 0&&this.sslnegotiation!==`postgres`&&this.sslnegotiation!==`direct`)throw Error(`Invalid sslnegotiation value: "${this.sslnegotiation}". Valid values are "postgres" and "direct".`);if(this.sslnegotiation===`direct`&&!this.ssl)throw Error(`sslnegotiation=direct requires SSL to be enabled`);this.client_encoding=a(`client_encoding`,e),this.replication=a(`replication`,e),this.isDomainSocket=!(this.host||``).indexOf(`/`),this.application_name=a(`application_name`,e,`PGAPPNAME`),this.fallback_application_name=a(`fallback_application_name`,e,!1),this.statement_timeout=a(`statement_timeout`,e,!1),this.lock_timeout=a(`lock_timeout`,e,!1),this.idle_in_transaction_session_timeout=a(`idle_in_transaction_session_timeout`,e,!1),this.query_timeout=a(`query_timeout`,e,!1),this.connect_timeout=e.connectionTimeoutMillis===void 0?process.env.PGCONNECT_TIMEOUT||0:Math.floor(e.connectionTimeoutMillis/1e3),e.keepAlive===!1?this.keepalives=0:e.keepAlive===!0&&(this.keepalives=1),typeof e.keepAliveInitialDelayMillis==`number`&&(this.keepalives_idle=Math.floor(e.keepAliveInitialDelayMillis/1e3))}getLibpqConnectionString(e){let t=[];c(t,this,`user`),c(t,this,`password`),c(t,this,`port`),c(t,this,`application_name`),c(t,this,`fallback_application_name`),c(t,this,`connect_timeout`),c(t,this,`options`);let r=typeof this.ssl==`object`?this.ssl:this.ssl?{sslmode:this.ssl}:{};if(c(t,r,`sslmode`),c(t,r,`sslca`),c(t,r,`sslkey`),c(t,r,`sslcert`),c(t,r,`sslrootcert`),c(t,this,`sslnegotiation`),this.database&&t.push(`dbname=`+s(this.database)),this.replication&&t.push(`replication=`+s(this.replication)),this.host&&t.push(`host=`+s(this.host)),this.isDomainSocket)return e(null,t.join(` `));this.client_encoding&&t.push(`client_encoding=`+s(this.client_encoding)),n.lookup(this.host,function(n,r){return n?e(n,null):(t.push(`hostaddr=`+s(r)),e(null,t.join(` `)))})}}})),Ve=/* @__PURE__ */ D(((e,t)=>{let n=k(),r=/^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/;t.exports=class{constructor(e,t){this.command=null,this.rowCount=null,this.oid=null,this.rows=[],this.fields=[],this._parsers=void 0,this._types=t,this.RowCtor=null,this.rowAsArray=e===`array`,this.rowAsArray&&(this.parseRow=this._parseRowAsArray),this._prebuiltEmptyResultObject=null}addCommandComplete(e){let t;t=e.text?r.exec(e.text):r.exec(e.command),t&&(this.command=t[1],t[3]?(this.oid=parseInt(t[2],10),this.rowCount=parseInt(t[3],10)):t[2]&&(this.rowCount=parseInt(t[2],10)))}_parseRowAsArray(e){let t=Array(e.length);for(let n=0,r=e.length;n<r;n++){let r=e[n];r===null?t[n]=null:t[n]=this._parsers[n](r)}return t}parseRow(e){let t={...this._prebuiltEmptyResultObject};for(let n=0,r=e.length;n<r;n++){let r=e[n],i=this.fields[n].name;if(r!==null){let e=this.fields[n].format===`binary`?Buffer.from(r):r;t[i]=this._parsers[n](e)}else t[i]=null}return t}addRow(e){this.rows.push(e)}addFields(e){this.fields=e,this.fields.length&&(this._parsers=Array(e.length));let t=Object.create(null);for(let r=0;r<e.length;r++){let i=e[r];t[i.name]=null,this._types?this._parsers[r]=this._types.getTypeParser(i.dataTypeID,i.format||`text`):this._parsers[r]=n.getTypeParser(i.dataTypeID,i.format||`text`)}this._prebuiltEmptyResultObject={...t}}}})),He=/* @__PURE__ */ D(((e,t)=>{let{EventEmitter:n}=O(`events`),r=Ve(),i=j();t.exports=class extends n{constructor(e,t,n){super(),e=i.normalizeQueryConfig(e,t,n),this.text=e.text,this.values=e.values,this.rows=e.rows,this.types=e.types,this.name=e.name,this.queryMode=e.queryMode,this.binary=e.binary,this.portal=e.portal||``,this.callback=e.callback,this._rowMode=e.rowMode,process.domain&&e.callback&&(this.callback=process.domain.bind(e.callback)),this._result=new r(this._rowMode,this.types),this._results=this._result,this._canceledDueToError=!1}requiresPreparation(){return this.queryMode===`extended`||this.name||this.rows?!0:!this.text||!this.values?!1:this.values.length>0}_checkForMultirow(){this._result.command&&(Array.isArray(this._results)||(this._results=[this._result]),this._result=new r(this._rowMode,this._result._types),this._results.push(this._result))}handleRowDescription(e){this._checkForMultirow(),this._result.addFields(e.fields),this._accumulateRows=this.callback||!this.listeners(`row`).length}handleDataRow(e){let t;if(!this._canceledDueToError){try{t=this._result.parseRow(e.fields)}catch(e){this._canceledDueToError=e;return}this.emit(`row`,t,this._result),this._accumulateRows&&this._result.addRow(t)}}handleCommandComplete(e,t){this._checkForMultirow(),this._result.addCommandComplete(e),this.rows&&t.sync()}handleEmptyQuery(e){this.rows&&e.sync()}handleError(e,t){if(this._canceledDueToError&&=(e=this._canceledDueToError,!1),this.callback)return this.callback(e);this.emit(`error`,e)}handleReadyForQuery(e){if(this._canceledDueToError)return this.handleError(this._canceledDueToError,e);if(this.callback)try{this.callback(null,this._results)}catch(e){process.nextTick(()=>{throw e})}this.emit(`end`,this._results)}submit(e){if(typeof this.text!=`string`&&typeof this.name!=`string`)return/* @__PURE__ */ Error(`A query must have either text or a name. Supplying neither is unsupported.`);let t=e.parsedStatements[this.name]||e.submittedNamedStatements[this.name];if(this.text&&t&&this.text!==t)return/* @__PURE__ */ Error(`Prepared statements must be unique - '${this.name}' was used for a different statement`);if(this.values&&!Array.isArray(this.values))return/* @__PURE__ */ Error(`Query values must be an array`);if(this.requiresPreparation()){e.stream.cork&&e.stream.cork();try{this.prepare(e)}finally{e.stream.uncork&&e.stream.uncork()}}else e.query(this.text);return null}hasBeenParsed(e){return this.name&&(e.parsedStatements[this.name]!==void 0||e.submittedNamedStatements[this.name]!==void 0)}handlePortalSuspended(e){this._getRows(e,this.rows)}_getRows(e,t){e.execute({portal:this.portal,rows:t}),t?e.flush():e.sync()}prepare(e){this.hasBeenParsed(e)||(e.parse({text:this.text,name:this.name,types:this.types}),this.name&&(e.submittedNamedStatements[this.name]=this.text));try{e.bind({portal:this.portal,statement:this.name,values:this.values,binary:this.binary,valueMapper:i.prepareValue})}catch(t){e.close({type:`S`,name:this.name}),e.sync(),this.handleError(t,e);return}e.describe({type:`P`,name:this.portal||``}),this._getRows(e,this.rows)}handleCopyInResponse(e){e.sendCopyFail(`No source stream defined`)}handleCopyData(e,t){}}})),Ue=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.NoticeMessage=e.DataRowMessage=e.CommandCompleteMessage=e.ReadyForQueryMessage=e.NotificationResponseMessage=e.BackendKeyDataMessage=e.AuthenticationMD5Password=e.ParameterStatusMessage=e.ParameterDescriptionMessage=e.RowDescriptionMessage=e.Field=e.CopyResponse=e.CopyDataMessage=e.DatabaseError=e.copyDone=e.emptyQuery=e.replicationStart=e.portalSuspended=e.noData=e.closeComplete=e.bindComplete=e.parseComplete=void 0,e.parseComplete={name:`parseComplete`,length:5},e.bindComplete={name:`bindComplete`,length:5},e.closeComplete={name:`closeComplete`,length:5},e.noData={name:`noData`,length:5},e.portalSuspended={name:`portalSuspended`,length:5},e.replicationStart={name:`replicationStart`,length:4},e.emptyQuery={name:`emptyQuery`,length:4},e.copyDone={name:`copyDone`,length:4},e.DatabaseError=class extends Error{constructor(e,t,n){super(e),this.length=t,this.name=n}},e.CopyDataMessage=class{constructor(e,t){this.length=e,this.chunk=t,this.name=`copyData`}},e.CopyResponse=class{constructor(e,t,n,r){this.length=e,this.name=t,this.binary=n,this.columnTypes=Array(r)}},e.Field=class{constructor(e,t,n,r,i,a,o){this.name=e,this.tableID=t,this.columnID=n,this.dataTypeID=r,this.dataTypeSize=i,this.dataTypeModifier=a,this.format=o}},e.RowDescriptionMessage=class{constructor(e,t){this.length=e,this.fieldCount=t,this.name=`rowDescription`,this.fields=Array(this.fieldCount)}},e.ParameterDescriptionMessage=class{constructor(e,t){this.length=e,this.parameterCount=t,this.name=`parameterDescription`,this.dataTypeIDs=Array(this.parameterCount)}},e.ParameterStatusMessage=class{constructor(e,t,n){this.length=e,this.parameterName=t,this.parameterValue=n,this.name=`parameterStatus`}},e.AuthenticationMD5Password=class{constructor(e,t){this.length=e,this.salt=t,this.name=`authenticationMD5Password`}},e.BackendKeyDataMessage=class{constructor(e,t,n){this.length=e,this.processID=t,this.secretKey=n,this.name=`backendKeyData`}},e.NotificationResponseMessage=class{constructor(e,t,n,r){this.length=e,this.processId=t,this.channel=n,this.payload=r,this.name=`notification`}},e.ReadyForQueryMessage=class{constructor(e,t){this.length=e,this.status=t,this.name=`readyForQuery`}},e.CommandCompleteMessage=class{constructor(e,t){this.length=e,this.text=t,this.name=`commandComplete`}},e.DataRowMessage=class{constructor(e,t){this.length=e,this.fields=t,this.name=`dataRow`,this.fieldCount=t.length}},e.NoticeMessage=class{constructor(e,t){this.length=e,this.message=t,this.name=`notice`}}})),We=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.Writer=void 0,e.Writer=class{constructor(e=256){this.size=e,this.offset=5,this.headerPosition=0,this.buffer=Buffer.allocUnsafe(e)}ensure(e){if(this.buffer.length-this.offset<e){let t=this.buffer,n=t.length+(t.length>>1)+e;this.buffer=Buffer.allocUnsafe(n),t.copy(this.buffer,0,0,this.offset)}}addInt32(e){return this.ensure(4),this.buffer[this.offset++]=e>>>24&255,this.buffer[this.offset++]=e>>>16&255,this.buffer[this.offset++]=e>>>8&255,this.buffer[this.offset++]=e>>>0&255,this}addInt16(e){return this.ensure(2),this.buffer[this.offset++]=e>>>8&255,this.buffer[this.offset++]=e>>>0&255,this}addCString(e){if(!e)this.ensure(1);else{let t=Buffer.byteLength(e);this.ensure(t+1),this.buffer.write(e,this.offset,`utf-8`),this.offset+=t}return this.buffer[this.offset++]=0,this}addString(e=``){let t=Buffer.byteLength(e);return this.ensure(t),this.buffer.write(e,this.offset),this.offset+=t,this}addInt32PrefixedString(e){let t=Buffer.byteLength(e);this.ensure(4+t);let n=this.buffer,r=this.offset;return n[r++]=t>>>24&255,n[r++]=t>>>16&255,n[r++]=t>>>8&255,n[r++]=t>>>0&255,n.write(e,r,`utf-8`),this.offset=r+t,this}add(e){return this.ensure(e.length),e.copy(this.buffer,this.offset),this.offset+=e.length,this}reserveUnsafe(e){let t=this.offset;return this.ensure(e),this.offset+=e,t}join(e){if(e){this.buffer[this.headerPosition]=e;let t=this.offset-(this.headerPosition+1);this.buffer.writeInt32BE(t,this.headerPosition+1)}return this.buffer.slice(e?0:5,this.offset)}flush(e){let t=this.join(e);return this.offset=5,this.headerPosition=0,this.buffer=Buffer.allocUnsafe(this.size),t}clear(){this.offset=5,this.headerPosition=0}}})),Ge=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.serialize=void 0;let t=We(),n=new t.Writer,r=e=>{n.addInt16(3).addInt16(0);for(let t of Object.keys(e))n.addCString(t).addCString(e[t]);n.addCString(`client_encoding`).addCString(`UTF8`);let r=n.addCString(``).flush(),i=r.length+4;return new t.Writer().addInt32(i).add(r).flush()},i=()=>{let e=Buffer.allocUnsafe(8);return e.writeInt32BE(8,0),e.writeInt32BE(80877103,4),e},a=e=>n.addCString(e).flush(112),o=function(e,t){return n.addCString(e).addInt32PrefixedString(t),n.flush(112)},s=function(e){return n.addString(e).flush(112)},c=e=>n.addCString(e).flush(81),l=[],u=e=>{let t=e.name||``;t.length>63&&(console.error(`Warning! Postgres only supports 63 characters for query names.`),console.error(`You supplied %s (%s)`,t,t.length),console.error(`This can cause conflicts and silent errors executing queries`));let r=e.types||l,i=r.length,a=n.addCString(t).addCString(e.text).addInt16(i);for(let e=0;e<i;e++)a.addInt32(r[e]);return n.flush(80)},d=function(e,t,r){let i=e.length;for(let a=0;a<i;a++){let i=t?t(e[a],a):e[a],o=0;i==null?n.addInt32(-1):i instanceof Buffer?(o=1,n.addInt32(i.length),n.add(i)):n.addInt32PrefixedString(i);let s=n.buffer;s[r++]=0,s[r++]=o}},f=(e={})=>{let t=e.portal||``,r=e.statement||``,i=e.binary||!1,a=e.values||l,o=a.length;n.addCString(t).addCString(r),n.addInt16(o);let s=n.reserveUnsafe(o*2);n.addInt16(o);try{d(a,e.valueMapper,s)}catch(e){throw n.clear(),e}return n.addInt16(1),n.addInt16(+!!i),n.flush(66)},p=Buffer.from([69,0,0,0,9,0,0,0,0,0]),m=e=>{if(!e||!e.portal&&!e.rows)return p;let t=e.portal||``,n=e.rows||0,r=Buffer.byteLength(t),i=4+r+1+4,a=Buffer.allocUnsafe(1+i);return a[0]=69,a.writeInt32BE(i,1),a.write(t,5,`utf-8`),a[r+5]=0,a.writeUInt32BE(n,a.length-4),a},h=(e,t)=>{let n=Buffer.allocUnsafe(16);return n.writeInt32BE(16,0),n.writeInt16BE(1234,4),n.writeInt16BE(5678,6),n.writeInt32BE(e,8),n.writeInt32BE(t,12),n},g=(e,t)=>{let n=4+Buffer.byteLength(t)+1,r=Buffer.allocUnsafe(1+n);return r[0]=e,r.writeInt32BE(n,1),r.write(t,5,`utf-8`),r[n]=0,r},_=n.addCString(`P`).flush(68),v=n.addCString(`S`).flush(68),y=e=>e.name?g(68,`${e.type}${e.name||``}`):e.type===`P`?_:v,b=e=>{let t=`${e.type}${e.name||``}`;return g(67,t)},x=e=>n.add(e).flush(100),S=e=>g(102,e),C=e=>Buffer.from([e,0,0,0,4]),w=C(72),ee=C(83),te=C(88),ne=C(99);e.serialize={startup:r,password:a,requestSsl:i,sendSASLInitialResponseMessage:o,sendSCRAMClientFinalMessage:s,query:c,parse:u,bind:f,execute:m,describe:y,close:b,flush:()=>w,sync:()=>ee,end:()=>te,copyData:x,copyDone:()=>ne,copyFail:S,cancel:h}})),Ke=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.BufferReader=void 0,e.BufferReader=class{constructor(e=0){this.offset=e,this.buffer=Buffer.allocUnsafe(0),this.encoding=`utf-8`}setBuffer(e,t){this.offset=e,this.buffer=t}int16(){let e=this.buffer.readInt16BE(this.offset);return this.offset+=2,e}byte(){let e=this.buffer[this.offset];return this.offset++,e}int32(){let e=this.buffer.readInt32BE(this.offset);return this.offset+=4,e}uint32(){let e=this.buffer.readUInt32BE(this.offset);return this.offset+=4,e}string(e){let t=this.buffer.toString(this.encoding,this.offset,this.offset+e);return this.offset+=e,t}cstring(){let e=this.offset,t=e;for(;this.buffer[t++];);return this.offset=t,this.buffer.toString(this.encoding,e,t-1)}bytes(e){let t=this.buffer.slice(this.offset,this.offset+e);return this.offset+=e,t}}})),qe=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.Parser=void 0;let t=Ue(),n=Ke(),r=Buffer.allocUnsafe(0);e.Parser=class{constructor(e){if(this.buffer=r,this.bufferLength=0,this.bufferOffset=0,this.reader=new n.BufferReader,e?.mode===`binary`)throw Error(`Binary mode not supported yet`);this.mode=e?.mode||`text`}parse(e,t){this.mergeBuffer(e);let n=this.bufferOffset+this.bufferLength,i=this.bufferOffset;for(;i+5<=n;){let e=this.buffer[i],r=this.buffer.readUInt32BE(i+1),a=1+r;if(a+i<=n)t(this.handlePacket(i+5,e,r,this.buffer)),i+=a;else break}i===n?(this.buffer=r,this.bufferLength=0,this.bufferOffset=0):(this.bufferLength=n-i,this.bufferOffset=i)}mergeBuffer(e){if(this.bufferLength>0){let t=this.bufferLength+e.byteLength;if(t+this.bufferOffset>this.buffer.byteLength){let e;if(t<=this.buffer.byteLength&&this.bufferOffset>=this.bufferLength)e=this.buffer;else{let n=this.buffer.byteLength*2;for(;t>=n;)n*=2;e=Buffer.allocUnsafe(n)}this.buffer.copy(e,0,this.bufferOffset,this.bufferOffset+this.bufferLength),this.buffer=e,this.bufferOffset=0}e.copy(this.buffer,this.bufferOffset+this.bufferLength),this.bufferLength=t}else this.buffer=e,this.bufferOffset=0,this.bufferLength=e.byteLength}handlePacket(e,n,l,f){let{reader:y}=this;y.setBuffer(e,f);let b;switch(n){case 50:b=t.bindComplete;break;case 49:b=t.parseComplete;break;case 51:b=t.closeComplete;break;case 110:b=t.noData;break;case 115:b=t.portalSuspended;break;case 99:b=t.copyDone;break;case 87:b=t.replicationStart;break;case 73:b=t.emptyQuery;break;case 68:b=m(y);break;case 67:b=a(y);break;case 90:b=i(y);break;case 65:b=u(y);break;case 82:b=_(y,l);break;case 83:b=h(y);break;case 75:b=g(y);break;case 69:b=v(y,`error`);break;case 78:b=v(y,`notice`);break;case 84:b=d(y);break;case 116:b=p(y);break;case 71:b=s(y);break;case 72:b=c(y);break;case 100:b=o(y,l);break;default:return new t.DatabaseError(`received invalid response: `+n.toString(16),l,`error`)}return y.setBuffer(0,r),b.length=l,b}};let i=e=>{let n=e.string(1);return new t.ReadyForQueryMessage(-1,n)},a=e=>{let n=e.cstring();return new t.CommandCompleteMessage(-1,n)},o=(e,n)=>{let r=e.bytes(n-4);return new t.CopyDataMessage(-1,r)},s=e=>l(e,`copyInResponse`),c=e=>l(e,`copyOutResponse`),l=(e,n)=>{let r=e.byte()!==0,i=e.int16(),a=new t.CopyResponse(-1,n,r,i);for(let t=0;t<i;t++)a.columnTypes[t]=e.int16();return a},u=e=>{let n=e.int32(),r=e.cstring(),i=e.cstring();return new t.NotificationResponseMessage(-1,n,r,i)},d=e=>{let n=e.int16(),r=new t.RowDescriptionMessage(-1,n);for(let t=0;t<n;t++)r.fields[t]=f(e);return r},f=e=>{let n=e.cstring(),r=e.uint32(),i=e.int16(),a=e.uint32(),o=e.int16(),s=e.int32(),c=e.int16()===0?`text`:`binary`;return new t.Field(n,r,i,a,o,s,c)},p=e=>{let n=e.int16(),r=new t.ParameterDescriptionMessage(-1,n);for(let t=0;t<n;t++)r.dataTypeIDs[t]=e.uint32();return r},m=e=>{let n=e.int16(),r=Array(n);for(let t=0;t<n;t++){let n=e.int32();r[t]=n===-1?null:e.string(n)}return new t.DataRowMessage(-1,r)},h=e=>{let n=e.cstring(),r=e.cstring();return new t.ParameterStatusMessage(-1,n,r)},g=e=>{let n=e.int32(),r=e.int32();return new t.BackendKeyDataMessage(-1,n,r)},_=(e,n)=>{let r=e.int32(),i={name:`authenticationOk`,length:n};switch(r){case 0:break;case 3:i.length===8&&(i.name=`authenticationCleartextPassword`);break;case 5:if(i.length===12){i.name=`authenticationMD5Password`;let n=e.bytes(4);return new t.AuthenticationMD5Password(-1,n)}break;case 10:{i.name=`authenticationSASL`,i.mechanisms=[];let t;do t=e.cstring(),t&&i.mechanisms.push(t);while(t)}break;case 11:i.name=`authenticationSASLContinue`,i.data=e.string(n-8);break;case 12:i.name=`authenticationSASLFinal`,i.data=e.string(n-8);break;default:throw Error(`Unknown authenticationOk message type `+r)}return i},v=(e,n)=>{let r={},i=e.string(1);for(;i!==`\0`;)r[i]=e.cstring(),i=e.string(1);let a=r.M,o=n===`notice`?new t.NoticeMessage(-1,a):new t.DatabaseError(a,-1,n);return o.severity=r.S,o.code=r.C,o.detail=r.D,o.hint=r.H,o.position=r.P,o.internalPosition=r.p,o.internalQuery=r.q,o.where=r.W,o.schema=r.s,o.table=r.t,o.column=r.c,o.dataType=r.d,o.constraint=r.n,o.file=r.F,o.line=r.L,o.routine=r.R,o}})),Je=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.DatabaseError=e.serialize=void 0,e.parse=i;let t=Ue();Object.defineProperty(e,"DatabaseError",{enumerable:!0,get:function(){return t.DatabaseError}});let n=Ge();Object.defineProperty(e,"serialize",{enumerable:!0,get:function(){return n.serialize}});let r=qe();function i(e,t){let n=new r.Parser;return e.on(`data`,e=>n.parse(e,t)),new Promise(t=>e.on(`end`,()=>t()))}})),Ye=/* @__PURE__ */ D((e=>{Object.defineProperty(e,"__esModule",{value:!0}),e.default={}})),Xe=/* @__PURE__ */ D(((e,t)=>{let{getStream:n,getSecureStream:r}=s();t.exports={getStream:n,getSecureStream:r};function i(){function e(e){return new(O(`net`)).Socket}function t(e){return O(`tls`).connect(e)}return{getStream:e,getSecureStream:t}}function a(){function e(e){let{CloudflareSocket:t}=Ye();return new t(e)}function t(e){return e.socket.startTls(e),e.socket}return{getStream:e,getSecureStream:t}}function o(){if(typeof navigator==`object`&&navigator!==null&&typeof navigator.userAgent==`string`)return navigator.userAgent===`Cloudflare-Workers`;if(typeof Response==`function`){let e=new Response(null,{cf:{thing:!0}});if(typeof e.cf==`object`&&e.cf!==null&&e.cf.thing)return!0}return!1}function s(){return o()?a():i()}})),Ze=/* @__PURE__ */ D(((e,t)=>{let n=O(`events`).EventEmitter,{parse:r,serialize:i}=Je(),a=Xe(),{getStream:o}=a,s=i.flush(),c=i.sync(),l=i.end();t.exports=class extends n{constructor(e){super(),e||={},this.stream=e.stream||o(e.ssl),typeof this.stream==`function`&&(this.stream=this.stream(e)),this._keepAlive=e.keepAlive,this._keepAliveInitialDelayMillis=e.keepAliveInitialDelayMillis,this.parsedStatements={},this.submittedNamedStatements={},this.ssl=e.ssl||!1,this.sslNegotiation=e.sslNegotiation||`postgres`,this._ending=!1,this._emitMessage=!1;let t=this;this.on(`newListener`,function(e){e===`message`&&(t._emitMessage=!0)})}connect(e,t){let n=this;this._connecting=!0,this.stream.setNoDelay(!0),this.stream.connect(e,t),this.stream.once(`connect`,function(){n._keepAlive&&n.stream.setKeepAlive(!0,n._keepAliveInitialDelayMillis),n.emit(`connect`)});let r=function(e){(!n._ending||e.code!==`ECONNRESET`&&e.code!==`EPIPE`)&&n.emit(`error`,e)};if(this.stream.on(`error`,r),this.stream.on(`close`,function(){n.emit(`end`)}),!this.ssl)return this.attachListeners(this.stream);if(this.sslNegotiation===`direct`)return this.stream.once(`connect`,function(){n.upgradeToSSL(t,r)});this.stream.once(`data`,function(e){switch(e.toString(`utf8`)){case`S`:break;case`N`:return n.stream.end(),n.emit(`error`,/* @__PURE__ */ Error(`The server does not support SSL connections`));default:return n.stream.end(),n.emit(`error`,/* @__PURE__ */ Error(`There was an error establishing an SSL connection`))}n.upgradeToSSL(t,r)})}upgradeToSSL(e,t){let n=this,r={socket:n.stream,host:e};n.ssl!==!0&&(Object.assign(r,n.ssl),`key`in n.ssl&&(r.key=n.ssl.key)),n.sslNegotiation===`direct`&&(r.ALPNProtocols=[`postgresql`]);let i=O(`net`);i.isIP&&i.isIP(e)===0&&(r.servername=e);try{n.stream=a.getSecureStream(r)}catch(e){return n.emit(`error`,e)}n.attachListeners(n.stream),n.stream.on(`error`,t),n.emit(`sslconnect`)}attachListeners(e){r(e,e=>{let t=e.name===`error`?`errorMessage`:e.name;this._emitMessage&&this.emit(`message`,e),this.emit(t,e)})}requestSsl(){this.stream.write(i.requestSsl())}startup(e){this.stream.write(i.startup(e))}cancel(e,t){this._send(i.cancel(e,t))}password(e){this._send(i.password(e))}sendSASLInitialResponseMessage(e,t){this._send(i.sendSASLInitialResponseMessage(e,t))}sendSCRAMClientFinalMessage(e){this._send(i.sendSCRAMClientFinalMessage(e))}_send(e){return this.stream.writable?this.stream.write(e):!1}query(e){this._send(i.query(e))}parse(e){this._send(i.parse(e))}bind(e){this._send(i.bind(e))}execute(e){this._send(i.execute(e))}flush(){this.stream.writable&&this.stream.write(s)}sync(){this._send(c)}ref(){this.stream.ref()}unref(){this.stream.unref()}end(){if(this._ending=!0,!this._connecting||!this.stream.writable)this.stream.end();else return this.stream.write(l,()=>{this.stream.end()})}close(e){this._send(i.close(e))}describe(e){this._send(i.describe(e))}sendCopyFromChunk(e){this._send(i.copyData(e))}endCopyFrom(){this._send(i.copyDone())}sendCopyFail(e){this._send(i.copyFail(e))}}})),Qe=/* @__PURE__ */ D(((e,t)=>{let{Transform:n}=O(`stream`),{StringDecoder:r}=O(`string_decoder`),i=Symbol(`last`),a=Symbol(`decoder`);function o(e,t,n){let r;if(this.overflow){if(r=this[a].write(e).split(this.matcher),r.length===1)return n();r.shift(),this.overflow=!1}else this[i]+=this[a].write(e),r=this[i].split(this.matcher);this[i]=r.pop();for(let e=0;e<r.length;e++)try{c(this,this.mapper(r[e]))}catch(e){return n(e)}this.overflow=this[i].length>this.maxLength,this.overflow&&!this.skipOverflow?n(/* @__PURE__ */ Error(`maximum buffer reached`)):n()}function s(e){if(this[i]+=this[a].end(),this[i])try{c(this,this.mapper(this[i]))}catch(t){return e(t)}e()}function c(e,t){t!==void 0&&e.push(t)}function l(e){return e}function u(e,t,c){switch(e||=/\r?\n/,t||=l,c||={},arguments.length){case 1:typeof e==`function`?(t=e,e=/\r?\n/):typeof e==`object`&&!(e instanceof RegExp)&&!e[Symbol.split]&&(c=e,e=/\r?\n/);break;case 2:typeof e==`function`?(c=t,t=e,e=/\r?\n/):typeof t==`object`&&(c=t,t=l)}c=Object.assign({},c),c.autoDestroy=!0,c.transform=o,c.flush=s,c.readableObjectMode=!0;let u=new n(c);return u[i]=``,u[a]=new r(`utf8`),u.matcher=e,u.mapper=t,u.maxLength=c.maxLength,u.skipOverflow=c.skipOverflow||!1,u.overflow=!1,u._destroy=function(e,t){this._writableState.errorEmitted=!1,t(e)},u}t.exports=u})),$e=/* @__PURE__ */ D(((e,t)=>{var n=O(`path`),r=O(`stream`).Stream,i=Qe(),a=O(`util`),o=5432,s=process.platform===`win32`,c=process.stderr,l=56,u=7,d=61440,f=32768;function p(e){return(e&d)==f}var m=[`host`,`port`,`database`,`user`,`password`],h=m.length,g=m[h-1];function _(){if(c instanceof r&&!0===c.writable){var e=Array.prototype.slice.call(arguments).concat(`
`);c.write(a.format.apply(a,e))}}Object.defineProperty(t.exports,"isWin",{get:function(){return s},set:function(e){s=e}}),t.exports.warnTo=function(e){var t=c;return c=e,t},t.exports.getFileName=function(e){var t=e||process.env;return t.PGPASSFILE||(s?n.join(t.APPDATA||`./`,`postgresql`,`pgpass.conf`):n.join(t.HOME||`./`,`.pgpass`))},t.exports.usePgPass=function(e,t){return Object.prototype.hasOwnProperty.call(process.env,`PGPASSWORD`)?!1:s?!0:(t||=`<unkn>`,p(e.mode)?e.mode&(l|u)?(_(`WARNING: password file "%s" has group or world access; permissions should be u=rw (0600) or less`,t),!1):!0:(_(`WARNING: password file "%s" is not a plain file`,t),!1))};var v=t.exports.match=function(e,t){return m.slice(0,-1).reduce(function(n,r,i){return i==1&&Number(e[r]||o)===Number(t[r])?n&&!0:n&&(t[r]===`*`||t[r]===e[r])},!0)};t.exports.getPassword=function(e,t,n){var r,a=t.pipe(i());function o(t){var n=y(t);n&&b(n)&&v(e,n)&&(r=n[g],a.end())}var s=function(){t.destroy(),n(r)},c=function(e){t.destroy(),_(`WARNING: error on reading file: %s`,e),n(void 0)};t.on(`error`,c),a.on(`data`,o).on(`end`,s).on(`error`,c)};var y=t.exports.parseLine=function(e){if(e.length<11||e.match(/^\s+#/))return null;for(var t=``,n=``,r=0,i=0,a={},o=!1,s=function(t,n,r){var i=e.substring(n,r);Object.hasOwnProperty.call(process.env,`PGPASS_NO_DEESCAPE`)||(i=i.replace(/\\([:\\])/g,`$1`)),a[m[t]]=i},c=0;c<e.length-1;c+=1){if(t=e.charAt(c+1),n=e.charAt(c),o=r==h-1,o){s(r,i);break}c>=0&&t==`:`&&n!==`\\`&&(s(r,i,c+1),i=c+2,r+=1)}return a=Object.keys(a).length===h?a:null,a},b=t.exports.isValidEntry=function(e){for(var t={0:function(e){return e.length>0},1:function(e){return e===`*`||(e=Number(e),isFinite(e)&&e>0&&e<9007199254740992&&Math.floor(e)===e)},2:function(e){return e.length>0},3:function(e){return e.length>0},4:function(e){return e.length>0}},n=0;n<m.length;n+=1){var r=t[n];if(!r(e[m[n]]||``))return!1}return!0}})),et=/* @__PURE__ */ D(((e,t)=>{O(`path`);var n=O(`fs`),r=$e();t.exports=function(e,t){var i=r.getFileName();n.stat(i,function(a,o){if(a||!r.usePgPass(o,i))return t(void 0);var s=n.createReadStream(i);r.getPassword(e,s,t)})},t.exports.warnTo=r.warnTo})),tt=/* @__PURE__ */ D(((e,t)=>{let n=O(`events`).EventEmitter,r=j(),i=O(`util`),a=Le(),o=Re(),s=Be(),c=He(),l=A(),u=Ze(),d=Fe(),f=i.deprecate(()=>{},`Client.activeQuery is deprecated and will be removed in pg@9.0`),p=i.deprecate(()=>{},`Client.queryQueue is deprecated and will be removed in pg@9.0.`),m=i.deprecate(()=>{},`pgpass support is deprecated and will be removed in pg@9.0. You can provide an async function as the password property to the Client/Pool constructor that returns a password instead. Within this function you can call the pgpass module in your own code.`),h=i.deprecate(()=>{},`Passing a custom Promise implementation to the Client/Pool constructor is deprecated and will be removed in pg@9.0.`),g=i.deprecate(()=>{},`Calling client.query() when the client is already executing a query is deprecated and will be removed in pg@9.0. Use async/await or an external async flow control mechanism instead.`);function _(e,t){if(typeof e==`number`)return Number.isFinite(e)?e:t;if(typeof e==`string`&&e.trim()!==``){let n=Number(e);return Number.isFinite(n)?n:t}return t}var v=class extends n{constructor(e){super(),this.connectionParameters=new s(e),this.user=this.connectionParameters.user,this.database=this.connectionParameters.database,this.port=this.connectionParameters.port,this.host=this.connectionParameters.host,Object.defineProperty(this,"password",{configurable:!0,enumerable:!1,writable:!0,value:this.connectionParameters.password}),this.replication=this.connectionParameters.replication;let t=e||{};t.Promise&&h(),this._Promise=t.Promise||global.Promise,this._types=new o(t.types),this._ending=!1,this._ended=!1,this._connecting=!1,this._connected=!1,this._connectionError=!1,this._queryable=!0,this._activeQuery=null,this._txStatus=null,this.enableChannelBinding=!!t.enableChannelBinding,this.scramMaxIterations=_(t.scramMaxIterations,a.DEFAULT_MAX_SCRAM_ITERATIONS),this.connection=t.connection||new u({stream:t.stream,ssl:this.connectionParameters.ssl,sslNegotiation:this.connectionParameters.sslnegotiation,keepAlive:t.keepAlive||!1,keepAliveInitialDelayMillis:t.keepAliveInitialDelayMillis||0,encoding:this.connectionParameters.client_encoding||`utf8`}),this._queryQueue=[],this._sentQueryQueue=[],this.pipeline=!!t.pipeline,this.binary=t.binary||l.binary,this.processID=null,this.secretKey=null,this.ssl=this.connectionParameters.ssl||!1,this.sslNegotiation=this.connectionParameters.sslnegotiation||`postgres`,this.ssl&&this.ssl.key&&Object.defineProperty(this.ssl,"key",{enumerable:!1}),this._connectionTimeoutMillis=t.connectionTimeoutMillis||0}get activeQuery(){return f(),this._activeQuery}set activeQuery(e){f(),this._activeQuery=e}_getActiveQuery(){return this._activeQuery}_errorAllQueries(e){let t=t=>{process.nextTick(()=>{t.handleError(e,this.connection)})},n=this._getActiveQuery();n&&(t(n),this._activeQuery=null),this._sentQueryQueue.forEach(t),this._sentQueryQueue.length=0,this._queryQueue.forEach(t),this._queryQueue.length=0}_connect(e){let t=this,n=this.connection;if(this._connectionCallback=e,this._connecting||this._connected){let t=/* @__PURE__ */ Error(`Client has already been connected. You cannot reuse a client.`);process.nextTick(()=>{e(t)})}else this._connecting=!0,this._connectionTimeoutMillis>0&&(this.connectionTimeoutHandle=setTimeout(()=>{n._ending=!0,n.stream.destroy(/* @__PURE__ */ Error(`timeout expired`))},this._connectionTimeoutMillis),this.connectionTimeoutHandle.unref&&this.connectionTimeoutHandle.unref()),this.host&&this.host.indexOf(`/`)===0?n.connect(this.host+`/.s.PGSQL.`+this.port):n.connect(this.port,this.host),n.on(`connect`,function(){t.ssl?t.sslNegotiation!==`direct`&&n.requestSsl():n.startup(t.getStartupConf())}),n.on(`sslconnect`,function(){n.startup(t.getStartupConf())}),this._attachListeners(n),n.once(`end`,()=>{let e=this._ending?/* @__PURE__ */ Error(`Connection terminated`):/* @__PURE__ */ Error(`Connection terminated unexpectedly`);clearTimeout(this.connectionTimeoutHandle),this._errorAllQueries(e),this._ended=!0,this._ending||(this._connecting&&!this._connectionError?this._connectionCallback?this._connectionCallback(e):this._handleErrorEvent(e):this._connectionError||this._handleErrorEvent(e)),process.nextTick(()=>{this.emit(`end`)})})}connect(e){if(e)this._connect(e);else return new this._Promise((e,t)=>{this._connect(n=>{n?t(n):e(this)})})}_attachListeners(e){e.on(`authenticationCleartextPassword`,this._handleAuthCleartextPassword.bind(this)),e.on(`authenticationMD5Password`,this._handleAuthMD5Password.bind(this)),e.on(`authenticationSASL`,this._handleAuthSASL.bind(this)),e.on(`authenticationSASLContinue`,this._handleAuthSASLContinue.bind(this)),e.on(`authenticationSASLFinal`,this._handleAuthSASLFinal.bind(this)),e.on(`backendKeyData`,this._handleBackendKeyData.bind(this)),e.on(`error`,this._handleErrorEvent.bind(this)),e.on(`errorMessage`,this._handleErrorMessage.bind(this)),e.on(`readyForQuery`,this._handleReadyForQuery.bind(this)),e.on(`notice`,this._handleNotice.bind(this)),e.on(`rowDescription`,this._handleRowDescription.bind(this)),e.on(`dataRow`,this._handleDataRow.bind(this)),e.on(`portalSuspended`,this._handlePortalSuspended.bind(this)),e.on(`emptyQuery`,this._handleEmptyQuery.bind(this)),e.on(`commandComplete`,this._handleCommandComplete.bind(this)),e.on(`parseComplete`,this._handleParseComplete.bind(this)),e.on(`copyInResponse`,this._handleCopyInResponse.bind(this)),e.on(`copyData`,this._handleCopyData.bind(this)),e.on(`notification`,this._handleNotification.bind(this))}_getPassword(e){let t=this.connection;if(typeof this.password==`function`)this._Promise.resolve().then(()=>this.password(this.connectionParameters)).then(n=>{if(n!==void 0){if(typeof n!=`string`){t.emit(`error`,/* @__PURE__ */ TypeError(`Password must be a string`));return}this.connectionParameters.password=this.password=n}else this.connectionParameters.password=this.password=null;e()}).catch(e=>{t.emit(`error`,e)});else if(this.password!==null)e();else try{et()(this.connectionParameters,t=>{t!==void 0&&(m(),this.connectionParameters.password=this.password=t),e()})}catch(e){this.emit(`error`,e)}}_handleAuthCleartextPassword(e){this._getPassword(()=>{this.connection.password(this.password)})}_handleAuthMD5Password(e){this._getPassword(async()=>{try{let t=await d.postgresMd5PasswordHash(this.user,this.password,e.salt);this.connection.password(t)}catch(e){this.emit(`error`,e)}})}_handleAuthSASL(e){this._getPassword(()=>{try{this.saslSession=a.startSession(e.mechanisms,this.enableChannelBinding&&this.connection.stream,this.scramMaxIterations),this.connection.sendSASLInitialResponseMessage(this.saslSession.mechanism,this.saslSession.response)}catch(e){this.connection.emit(`error`,e)}})}async _handleAuthSASLContinue(e){try{await a.continueSession(this.saslSession,this.password,e.data,this.enableChannelBinding&&this.connection.stream),this.connection.sendSCRAMClientFinalMessage(this.saslSession.response)}catch(e){this.connection.emit(`error`,e)}}_handleAuthSASLFinal(e){try{a.finalizeSession(this.saslSession,e.data),this.saslSession=null}catch(e){this.connection.emit(`error`,e)}}_handleBackendKeyData(e){this.processID=e.processID,this.secretKey=e.secretKey}_handleReadyForQuery(e){this._connecting&&(this._connecting=!1,this._connected=!0,clearTimeout(this.connectionTimeoutHandle),this._connectionCallback&&=(this._connectionCallback(null,this),null),this.emit(`connect`));let t=this._getActiveQuery();this._activeQuery=null,this._txStatus=e?.status??null,this.readyForQuery=!0,t&&t.handleReadyForQuery(this.connection),this._pulseQueryQueue()}_handleErrorWhileConnecting(e){if(!this._connectionError){if(this._connectionError=!0,clearTimeout(this.connectionTimeoutHandle),this._connectionCallback)return this._connectionCallback(e);this.emit(`error`,e)}}_handleErrorEvent(e){if(this._connecting)return this._handleErrorWhileConnecting(e);this._queryable=!1,this._errorAllQueries(e),this.emit(`error`,e)}_handleErrorMessage(e){if(this._connecting)return this._handleErrorWhileConnecting(e);let t=this._getActiveQuery();t?(this._activeQuery=null,t.name&&delete this.connection.submittedNamedStatements[t.name],t.handleError(e,this.connection)):this._handleErrorEvent(e)}_handleRowDescription(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected rowDescription message from backend.`);this._handleErrorEvent(e)}else t.handleRowDescription(e)}_handleDataRow(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected dataRow message from backend.`);this._handleErrorEvent(e)}else t.handleDataRow(e)}_handlePortalSuspended(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected portalSuspended message from backend.`);this._handleErrorEvent(e)}else t.handlePortalSuspended(this.connection)}_handleEmptyQuery(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected emptyQuery message from backend.`);this._handleErrorEvent(e)}else t.handleEmptyQuery(this.connection)}_handleCommandComplete(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected commandComplete message from backend.`);this._handleErrorEvent(e)}else t.handleCommandComplete(e,this.connection)}_handleParseComplete(){let e=this._getActiveQuery();if(e==null){let e=/* @__PURE__ */ Error(`Received unexpected parseComplete message from backend.`);this._handleErrorEvent(e)}else e.name&&(this.connection.parsedStatements[e.name]=e.text,delete this.connection.submittedNamedStatements[e.name])}_handleCopyInResponse(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected copyInResponse message from backend.`);this._handleErrorEvent(e)}else t.handleCopyInResponse(this.connection)}_handleCopyData(e){let t=this._getActiveQuery();if(t==null){let e=/* @__PURE__ */ Error(`Received unexpected copyData message from backend.`);this._handleErrorEvent(e)}else t.handleCopyData(e,this.connection)}_handleNotification(e){this.emit(`notification`,e)}_handleNotice(e){this.emit(`notice`,e)}getStartupConf(){let e=this.connectionParameters,t={user:e.user,database:e.database},n=e.application_name||e.fallback_application_name;return n&&(t.application_name=n),e.replication&&(t.replication=``+e.replication),e.statement_timeout&&(t.statement_timeout=String(parseInt(e.statement_timeout,10))),e.lock_timeout&&(t.lock_timeout=String(parseInt(e.lock_timeout,10))),e.idle_in_transaction_session_timeout&&(t.idle_in_transaction_session_timeout=String(parseInt(e.idle_in_transaction_session_timeout,10))),e.options&&(t.options=e.options),t}cancel(e,t){if(e.activeQuery===t){let t=this.connection;this.host&&this.host.indexOf(`/`)===0?t.connect(this.host+`/.s.PGSQL.`+this.port):t.connect(this.port,this.host),t.on(`connect`,function(){t.cancel(e.processID,e.secretKey)})}else e._queryQueue.indexOf(t)===-1?e._sentQueryQueue.indexOf(t)!==-1&&(t.callback=()=>{}):e._queryQueue.splice(e._queryQueue.indexOf(t),1)}setTypeParser(e,t,n){return this._types.setTypeParser(e,t,n)}getTypeParser(e,t){return this._types.getTypeParser(e,t)}escapeIdentifier(e){return r.escapeIdentifier(e)}escapeLiteral(e){return r.escapeLiteral(e)}_pulseQueryQueue(){if(this.pipeline)this._pulsePipelinedQueryQueue();else if(this.readyForQuery===!0){this._activeQuery=this._queryQueue.shift();let e=this._getActiveQuery();if(e){this.readyForQuery=!1,this.hasExecuted=!0;let t=e.submit(this.connection);t&&process.nextTick(()=>{e.handleError(t,this.connection),this.readyForQuery=!0,this._pulseQueryQueue()})}else this.hasExecuted&&(this._activeQuery=null,this.emit(`drain`))}}_pulsePipelinedQueryQueue(){if(this._connected&&this._queryable){for(;this._queryQueue.length>0;){let e=this._queryQueue.shift();this.hasExecuted=!0;let t=e.submit(this.connection);t?process.nextTick(()=>{e.handleError(t,this.connection)}):this._sentQueryQueue.push(e)}this.readyForQuery&&!this._activeQuery&&this._sentQueryQueue.length>0&&(this._activeQuery=this._sentQueryQueue.shift(),this.readyForQuery=!1),!this._activeQuery&&this._sentQueryQueue.length===0&&this._queryQueue.length===0&&this.hasExecuted&&this.emit(`drain`)}}query(e,t,n){let r,i;if(e==null)throw TypeError(`Client was passed a null or undefined query`);if(typeof e.submit==`function`)i=r=e,r.callback||(typeof t==`function`?r.callback=t:n&&(r.callback=n));else if(r=new c(e,t,n),!r.callback)i=new this._Promise((e,t)=>{r.callback=(n,r)=>n?t(n):e(r)}).catch(e=>{throw Error.captureStackTrace(e),e});else if(typeof r.callback!=`function`)throw TypeError(`callback is not a function`);let a=e.query_timeout||this.connectionParameters.query_timeout;if(a){let e=r.callback||(()=>{}),t=setTimeout(()=>{let t=/* @__PURE__ */ Error(`Query read timeout`);process.nextTick(()=>{r.handleError(t,this.connection)}),e(t),r.callback=()=>{};let n=this._queryQueue.indexOf(r);if(n>-1)this._queryQueue.splice(n,1);else if(this.pipeline){this.connection.stream.destroy();return}this._pulseQueryQueue()},a);r.callback=(n,r)=>{clearTimeout(t),e(n,r)}}if(this.binary&&!r.binary&&(r.binary=!0),r._result&&!r._result._types&&(r._result._types=this._types),this.pipeline){let t=typeof e.submit==`function`&&!(r instanceof c)?`Custom query classes such as pg-cursor and pg-query-stream are`:r.rows?"The `rows` option is":null;if(t)return process.nextTick(()=>{r.handleError(/* @__PURE__ */ Error(`${t} not supported in pipeline mode`),this.connection)}),i}return this._queryable?this._ending?(process.nextTick(()=>{r.handleError(/* @__PURE__ */ Error(`Client was closed and is not queryable`),this.connection)}),i):(this._queryQueue.length>0&&!this.pipeline&&g(),this._queryQueue.push(r),this._pulseQueryQueue(),i):(process.nextTick(()=>{r.handleError(/* @__PURE__ */ Error(`Client has encountered a connection error and is not queryable`),this.connection)}),i)}ref(){this.connection.ref()}unref(){this.connection.unref()}getTransactionStatus(){return this._txStatus}end(e){if(this._ending=!0,!this.connection._connecting||this._ended){if(e){e();return}return this._Promise.resolve()}if(this._queryable?this.pipeline&&(this._getActiveQuery()||this._sentQueryQueue.length>0||this._queryQueue.length>0)?this.once(`drain`,()=>this.connection.end()):this._getActiveQuery()?this.connection.stream.destroy():this.connection.end():this.connection.stream.destroy(),e)this.connection.once(`end`,e);else return new this._Promise(e=>{this.connection.once(`end`,e)})}get queryQueue(){return p(),this._queryQueue}};v.Query=c,t.exports=v})),nt=/* @__PURE__ */ D(((e,t)=>{let n=O(`events`).EventEmitter,r=function(){},i=(e,t)=>{let n=e.findIndex(t);return n===-1?void 0:e.splice(n,1)[0]};var a=class{constructor(e,t,n){this.client=e,this.idleListener=t,this.timeoutId=n}},o=class{constructor(e){this.callback=e}};function s(){throw Error(`Release called on client which has already been released to the pool.`)}function c(e,t){if(t)return{callback:t,result:void 0};let n,r;return{callback:function(e,t){e?n(e):r(t)},result:new e(function(e,t){r=e,n=t}).catch(e=>{throw Error.captureStackTrace(e),e})}}function l(e,t){return function n(r){r.client=t,t.removeListener(`error`,n),t.on(`error`,()=>{e.log(`additional client error after disconnection due to error`,r)}),e._remove(t),e.emit(`error`,r,t)}}t.exports=class extends n{constructor(e,t){super(),this.options=Object.assign({},e),e!=null&&`password`in e&&Object.defineProperty(this.options,"password",{configurable:!0,enumerable:!1,writable:!0,value:e.password}),e!=null&&e.ssl&&e.ssl.key&&Object.defineProperty(this.options.ssl,"key",{enumerable:!1}),this.options.max=this.options.max||this.options.poolSize||10,this.options.min=this.options.min||0,this.options.maxUses=this.options.maxUses||1/0,this.options.allowExitOnIdle=this.options.allowExitOnIdle||!1,this.options.maxLifetimeSeconds=this.options.maxLifetimeSeconds||0,this.log=this.options.log||function(){},this.Client=this.options.Client||t||ot().Client,this.Promise=this.options.Promise||global.Promise,this.options.idleTimeoutMillis===void 0&&(this.options.idleTimeoutMillis=1e4),this._clients=[],this._idle=[],this._expired=/* @__PURE__ */ new WeakSet,this._pendingQueue=[],this._endCallback=void 0,this.ending=!1,this.ended=!1}_promiseTry(e){let t=this.Promise;return typeof t.try==`function`?t.try(e):new t(t=>t(e()))}_isFull(){return this._clients.length>=this.options.max}_isAboveMin(){return this._clients.length>this.options.min}_pulseQueue(){if(this.log(`pulse queue`),this.ended){this.log(`pulse queue ended`);return}if(this.ending){this.log(`pulse queue on ending`),this._idle.length&&this._idle.slice().map(e=>{this._remove(e.client)}),this._clients.length||(this.ended=!0,this._endCallback());return}if(!this._pendingQueue.length){this.log(`no queued requests`);return}if(!this._idle.length&&this._isFull())return;let e=this._pendingQueue.shift();if(this._idle.length){let t=this._idle.pop();clearTimeout(t.timeoutId);let n=t.client;n.ref&&n.ref();let r=t.idleListener;return this._acquireClient(n,e,r,!1)}if(!this._isFull())return this.newClient(e);throw Error(`unexpected condition`)}_remove(e,t){let n=i(this._idle,t=>t.client===e);n!==void 0&&clearTimeout(n.timeoutId),this._clients=this._clients.filter(t=>t!==e);let r=this;e.end(()=>{r.emit(`remove`,e),typeof t==`function`&&t()})}connect(e){if(this.ending){let t=/* @__PURE__ */ Error(`Cannot use a pool after calling end on the pool`);return e?e(t):this.Promise.reject(t)}let t=c(this.Promise,e),n=t.result;if(this._isFull()||this._idle.length){if(this._idle.length&&process.nextTick(()=>this._pulseQueue()),!this.options.connectionTimeoutMillis)return this._pendingQueue.push(new o(t.callback)),n;let e=(e,n,r)=>{clearTimeout(a),t.callback(e,n,r)},r=new o(e),a=setTimeout(()=>{i(this._pendingQueue,t=>t.callback===e),r.timedOut=!0,t.callback(/* @__PURE__ */ Error(`timeout exceeded when trying to connect`))},this.options.connectionTimeoutMillis);return a.unref&&a.unref(),this._pendingQueue.push(r),n}return this.newClient(new o(t.callback)),n}newClient(e){let t=new this.Client(this.options);this._clients.push(t);let n=l(this,t);this.log(`checking client timeout`);let i,a=!1;this.options.connectionTimeoutMillis&&(i=setTimeout(()=>{t.connection?(this.log(`ending client due to timeout`),a=!0,t.connection.stream.destroy()):t.isConnected()||(this.log(`ending client due to timeout`),a=!0,t.end())},this.options.connectionTimeoutMillis)),this.log(`connecting new client`),t.connect(o=>{if(i&&clearTimeout(i),t.on(`error`,n),o)this.log(`client failed to connect`,o),this._clients=this._clients.filter(e=>e!==t),a&&(o=Error(`Connection terminated due to connection timeout`,{cause:o})),this._pulseQueue(),e.timedOut||e.callback(o,void 0,r);else{if(this.log(`new client connected`),this.options.onConnect){this._promiseTry(()=>this.options.onConnect(t)).then(()=>{this._afterConnect(t,e,n)},n=>{this._clients=this._clients.filter(e=>e!==t),t.end(()=>{this._pulseQueue(),e.timedOut||e.callback(n,void 0,r)})});return}return this._afterConnect(t,e,n)}})}_afterConnect(e,t,n){if(this.options.maxLifetimeSeconds!==0){let t=setTimeout(()=>{this.log(`ending client due to expired lifetime`),this._expired.add(e),this._idle.findIndex(t=>t.client===e)!==-1&&this._acquireClient(e,new o((e,t,n)=>n()),n,!1)},this.options.maxLifetimeSeconds*1e3);t.unref(),e.once(`end`,()=>clearTimeout(t))}return this._acquireClient(e,t,n,!0)}_acquireClient(e,t,n,i){i&&this.emit(`connect`,e),this.emit(`acquire`,e),e.release=this._releaseOnce(e,n),e.removeListener(`error`,n),t.timedOut?i&&this.options.verify?this.options.verify(e,e.release):e.release():i&&this.options.verify?this.options.verify(e,n=>{if(n)return e.release(n),t.callback(n,void 0,r);t.callback(void 0,e,e.release)}):t.callback(void 0,e,e.release)}_releaseOnce(e,t){let n=!1;return r=>{n&&s(),n=!0,this._release(e,t,r)}}_release(e,t,n){if(e.on(`error`,t),e._poolUseCount=(e._poolUseCount||0)+1,this.emit(`release`,n,e),n||this.ending||!e._queryable||e._ending||e._poolUseCount>=this.options.maxUses)return e._poolUseCount>=this.options.maxUses&&this.log(`remove expended client`),this._remove(e,this._pulseQueue.bind(this));if(this._expired.has(e))return this.log(`remove expired client`),this._expired.delete(e),this._remove(e,this._pulseQueue.bind(this));let r;this.options.idleTimeoutMillis&&this._isAboveMin()&&(r=setTimeout(()=>{this._isAboveMin()&&(this.log(`remove idle client`),this._remove(e,this._pulseQueue.bind(this)))},this.options.idleTimeoutMillis),this.options.allowExitOnIdle&&r.unref()),this.options.allowExitOnIdle&&e.unref(),this._idle.push(new a(e,t,r)),this._pulseQueue()}query(e,t,n){if(typeof e==`function`){let t=c(this.Promise,e);return setImmediate(function(){return t.callback(/* @__PURE__ */ Error(`Passing a function as the first parameter to pool.query is not supported`))}),t.result}typeof t==`function`&&(n=t,t=void 0);let r=c(this.Promise,n);return n=r.callback,this.connect((r,i)=>{if(r)return n(r);let a=!1,o=e=>{a||(a=!0,i.release(e),n(e))};i.once(`error`,o),this.log(`dispatching query`);try{i.query(e,t,(e,t)=>{if(this.log(`query dispatched`),i.removeListener(`error`,o),!a)return a=!0,i.release(e),e?n(e):n(void 0,t)})}catch(e){return i.release(e),n(e)}}),r.result}end(e){if(this.log(`ending`),this.ending){let t=/* @__PURE__ */ Error(`Called end on pool more than once`);return e?e(t):this.Promise.reject(t)}this.ending=!0;let t=c(this.Promise,e);return this._endCallback=t.callback,this._pulseQueue(),t.result}get waitingCount(){return this._pendingQueue.length}get idleCount(){return this._idle.length}get expiredCount(){return this._clients.reduce((e,t)=>e+ +!!this._expired.has(t),0)}get totalCount(){return this._clients.length}}})),rt=/* @__PURE__ */ D(((e,t)=>{let n=O(`events`).EventEmitter,r=O(`util`),i=j(),a=t.exports=function(e,t,r){n.call(this),e=i.normalizeQueryConfig(e,t,r),this.text=e.text,this.values=e.values,this.name=e.name,this.queryMode=e.queryMode,this.callback=e.callback,this.state=`new`,this._arrayMode=e.rowMode===`array`,this._emitRowEvents=!1,this.on(`newListener`,function(e){e===`row`&&(this._emitRowEvents=!0)}.bind(this))};r.inherits(a,n);let o={sqlState:`code`,statementPosition:`position`,messagePrimary:`message`,messageDetail:`detail`,messageHint:`hint`,context:`where`,schemaName:`schema`,tableName:`table`,columnName:`column`,dataTypeName:`dataType`,constraintName:`constraint`,sourceFile:`file`,sourceLine:`line`,sourceFunction:`routine`};a.prototype.handleError=function(e){let t=this.native&&this.native.pq.resultErrorFields();if(t)for(let n in t){let r=o[n]||n;e[r]=t[n]}this.callback?this.callback(e):this.emit(`error`,e),this.state=`error`},a.prototype.then=function(e,t){return this._getPromise().then(e,t)},a.prototype.catch=function(e){return this._getPromise().catch(e)},a.prototype._getPromise=function(){return this._promise||=new Promise(function(e,t){this._once(`end`,e),this._once(`error`,t)}.bind(this)),this._promise},a.prototype.submit=function(e){this.state=`running`;let t=this;this.native=e.native,e.native.arrayMode=this._arrayMode;let n=function(n,r,i){if(e.native.arrayMode=!1,setImmediate(function(){t.emit(`_done`)}),n)return t.handleError(n);t._emitRowEvents&&(i.length>1?r.forEach((e,n)=>{e.forEach(e=>{t.emit(`row`,e,i[n])})}):r.forEach(function(e){t.emit(`row`,e,i)})),t.state=`end`,t.emit(`end`,i),t.callback&&t.callback(null,i)};if(process.domain&&(n=process.domain.bind(n)),this.name){this.name.length>63&&(console.error(`Warning! Postgres only supports 63 characters for query names.`),console.error(`You supplied %s (%s)`,this.name,this.name.length),console.error(`This can cause conflicts and silent errors executing queries`));let r=(this.values||[]).map(i.prepareValue);if(e.namedQueries[this.name]!==void 0){if(this.text&&e.namedQueries[this.name]!==this.text){let e=/* @__PURE__ */ Error(`Prepared statements must be unique - '${this.name}' was used for a different statement`);return n(e)}return e.native.execute(this.name,r,n)}return e.native.prepare(this.name,this.text,r.length,function(i){return i?n(i):(e.namedQueries[t.name]=t.text,t.native.execute(t.name,r,n))})}if(this.values){if(!Array.isArray(this.values))return n(/* @__PURE__ */ Error(`Query values must be an array`));let t=this.values.map(i.prepareValue);e.native.query(this.text,t,n)}else this.queryMode===`extended`?e.native.query(this.text,[],n):e.native.query(this.text,n)}})),it=/* @__PURE__ */ D(((e,t)=>{let n=O(`util`);var r;try{r=O(`pg-native`)}catch(e){throw e}let i=Re(),a=O(`events`).EventEmitter,o=O(`util`),s=Be(),c=rt(),l=n.deprecate(()=>{},`Calling client.query() when the client is already executing a query is deprecated and will be removed in pg@9.0. Use async/await or an external async flow control mechanism instead.`),u=t.exports=function(e){a.call(this),e||={},this._Promise=e.Promise||global.Promise,this._types=new i(e.types),this.native=new r({types:this._types}),this._queryQueue=[],this._ending=!1,this._connecting=!1,this._connected=!1,this._queryable=!0,this.pipeline=!!e.pipeline,this._pipelineInFlight=!1;let t=this.connectionParameters=new s(e);e.nativeConnectionString&&(t.nativeConnectionString=e.nativeConnectionString),this.user=t.user,Object.defineProperty(this,"password",{configurable:!0,enumerable:!1,writable:!0,value:t.password}),this.database=t.database,this.host=t.host,this.port=t.port,this.namedQueries={}};u.Query=c,o.inherits(u,a),u.prototype._errorAllQueries=function(e){let t=t=>{process.nextTick(()=>{t.native=this.native,t.handleError(e)})};this._hasActiveQuery()&&(t(this._activeQuery),this._activeQuery=null),this._queryQueue.forEach(t),this._queryQueue.length=0},u.prototype._connect=function(e){let t=this;this._connecting?process.nextTick(()=>e(/* @__PURE__ */ Error(`Client has already been connected. You cannot reuse a client.`))):(this._connecting=!0,this.connectionParameters.getLibpqConnectionString(function(n,r){if(t.connectionParameters.nativeConnectionString&&(r=t.connectionParameters.nativeConnectionString),n)return e(n);t.native.connect(r,function(n){if(n)return t.native.end(),e(n);t._connected=!0,t.native.on(`error`,function(e){t._queryable=!1,t._errorAllQueries(e),t.emit(`error`,e)}),t.native.on(`notification`,function(e){t.emit(`notification`,{channel:e.relname,payload:e.extra})}),t.emit(`connect`),t._pulseQueryQueue(!0),e(null,this)})}))},u.prototype.connect=function(e){if(e)this._connect(e);else return new this._Promise((e,t)=>{this._connect(n=>{n?t(n):e(this)})})},u.prototype.query=function(e,t,n){let r,i,a,o,s;if(e==null)throw TypeError(`Client was passed a null or undefined query`);if(typeof e.submit==`function`)a=e.query_timeout||this.connectionParameters.query_timeout,i=r=e,typeof t==`function`&&(e.callback=t);else if(a=e.query_timeout||this.connectionParameters.query_timeout,r=new c(e,t,n),!r.callback){let e,t;i=new this._Promise((n,r)=>{e=n,t=r}).catch(e=>{throw Error.captureStackTrace(e),e}),r.callback=(n,r)=>n?t(n):e(r)}return a&&(s=r.callback||(()=>{}),o=setTimeout(()=>{let e=/* @__PURE__ */ Error(`Query read timeout`);process.nextTick(()=>{r.handleError(e,this.connection)}),s(e),r.callback=()=>{};let t=this._queryQueue.indexOf(r);t>-1&&this._queryQueue.splice(t,1),this._pulseQueryQueue()},a),r.callback=(e,t)=>{clearTimeout(o),s(e,t)}),this._queryable?this._ending?(r.native=this.native,process.nextTick(()=>{r.handleError(/* @__PURE__ */ Error(`Client was closed and is not queryable`))}),i):(this._queryQueue.length>0&&!this.pipeline&&l(),this._queryQueue.push(r),this._pulseQueryQueue(),i):(r.native=this.native,process.nextTick(()=>{r.handleError(/* @__PURE__ */ Error(`Client has encountered a connection error and is not queryable`))}),i)},u.prototype.end=function(e){let t=this;this._ending=!0,this._connecting&&!this._connected&&this.once(`connect`,()=>{this.end(()=>{})});let n;e||(n=new this._Promise(function(t,n){e=e=>e?n(e):t()}));let r=function(){t.native.end(function(){t._connected=!1,t._errorAllQueries(/* @__PURE__ */ Error(`Connection terminated`)),process.nextTick(()=>{t.emit(`end`),e&&e()})})};return this.pipeline&&(this._pipelineInFlight||this._queryQueue.length>0)?this.once(`drain`,r):r(),n},u.prototype._hasActiveQuery=function(){return this._activeQuery&&this._activeQuery.state!==`error`&&this._activeQuery.state!==`end`},u.prototype._pulseQueryQueue=function(e){if(!this._connected)return;if(this.pipeline&&!e)return this._pulsePipelinedQueryQueue();if(this._hasActiveQuery())return;let t=this._queryQueue.shift();if(!t){e||this.emit(`drain`);return}this._activeQuery=t,t.submit(this);let n=this;t.once(`_done`,function(){n._pulseQueryQueue()})},u.prototype._pulsePipelinedQueryQueue=function(){if(!this._connected||this._pipelineInFlight)return;if(this._queryQueue.length===0){this.hasExecuted&&this.emit(`drain`);return}this._pipelineInFlight=!0;let e=this,t=[],n=[],r=j();for(;this._queryQueue.length>0;){let e=this._queryQueue.shift();this.hasExecuted=!0,n.push(e);let i=e.values?e.values.map(r.prepareValue):null,a={text:e.text,name:e.name,arrayMode:e._arrayMode};i&&(a.values=i),e.name&&this.namedQueries[e.name]&&(a._alreadyPrepared=!0),t.push(a)}this.native.pipeline(t,function(t,r){if(e._pipelineInFlight=!1,t){e._connected=!1,e._queryable=!1;for(let r=0;r<n.length;r++){let i=n[r];i.native=e.native,i.handleError(t)}e._errorAllQueries(t),e.emit(`error`,t),e.emit(`end`)}else{for(let t=0;t<n.length;t++){let i=n[t],a=r[t];i.native=e.native,a.err?i.handleError(a.err):(i.name&&(e.namedQueries[i.name]=i.text),i.state=`end`,i.emit(`end`,a.result),i.callback&&i.callback(null,a.result)),setImmediate(function(){i.emit(`_done`)})}e._pulsePipelinedQueryQueue()}})},u.prototype.cancel=function(e){this._activeQuery===e?this.native.cancel(function(){}):this._queryQueue.indexOf(e)!==-1&&this._queryQueue.splice(this._queryQueue.indexOf(e),1)},u.prototype.ref=function(){},u.prototype.unref=function(){},u.prototype.setTypeParser=function(e,t,n){return this._types.setTypeParser(e,t,n)},u.prototype.getTypeParser=function(e,t){return this._types.getTypeParser(e,t)},u.prototype.isConnected=function(){return this._connected},u.prototype.getTransactionStatus=function(){return this.native.getTransactionStatus()}})),at=/* @__PURE__ */ D(((e,t)=>{t.exports=it()})),ot=/* @__PURE__ */ D(((e,t)=>{let n=tt(),r=A(),i=Ze(),a=Ve(),o=j(),s=nt(),c=Re(),{DatabaseError:l}=Je(),{escapeIdentifier:u,escapeLiteral:d}=j(),f=e=>class extends s{constructor(t){super(t,e)}},p=function(e){this.defaults=r,this.Client=e,this.Query=this.Client.Query,this.Pool=f(this.Client),this._pools=[],this.Connection=i,this.types=k(),this.DatabaseError=l,this.TypeOverrides=c,this.escapeIdentifier=u,this.escapeLiteral=d,this.Result=a,this.utils=o},m=n,h=!1;try{h=!!process.env.NODE_PG_FORCE_NATIVE}catch{}h&&(m=at()),t.exports=new p(m),Object.defineProperty(t.exports,"native",{configurable:!0,enumerable:!1,get(){let e=null;try{e=new p(at())}catch(e){if(e.code!==`MODULE_NOT_FOUND`)throw e}return Object.defineProperty(t.exports,"native",{value:e}),e}})})),M=/* @__PURE__ */ we(ot(),1);const st=M.default.Client,ct=M.default.Pool;M.default.Connection;const N=M.default.types;M.default.Query;const P=M.default.DatabaseError;M.default.escapeIdentifier,M.default.escapeLiteral,M.default.Result,M.default.TypeOverrides,M.default.defaults;function lt(e){return`{${e.map(ut).join(`,`)}}`}function ut(e){return e===null?`NULL`:typeof e==`string`?dt(e):String(e)}function dt(e){return/["\\]/u.test(e)?`"${e.replaceAll(/["\\]/gu,`\\$&`)}"`:`"${e}"`}const ft=/* @__PURE__ */ new Set([`40001`,`40P01`]),pt=`23505`,mt=/^(08...|57P..|53...|55P03|57014|25006|58...|XX000)$/,ht=/^(28...|3D000|3F000|42501)$/;function F(e){return e instanceof P&&(ft.has(e.code??``)||gt(e))}function gt(e){return e.code===pt&&e.constraint===`runs_pkey`}const _t=/^(08...|57P..|25006)$/;function vt(e){return re(e)?!0:e instanceof P&&e.severity===`ERROR`&&!_t.test(e.code??``)}function yt(e){return e instanceof P&&e.code===`25006`}function bt(e){let t=re(e)?e.cause:e;return t instanceof P&&t.code===pt}function I(e){if(re(e))return e;if(!(e instanceof P))return xt(e);let t=e.code??``;return ht.test(t)?new T(`PRECONDITION_FAILED`,`the database refuses us: ${e.message}`,{cause:e}):t===`42P01`?new T(`UNAVAILABLE`,`the schema is not there yet: ${e.message}`,{cause:e}):mt.test(t)||F(e)?new T(`UNAVAILABLE`,`the database cannot serve now: ${e.message}`,{cause:e}):new T(`INTERNAL`,`the database refused a statement: ${e.message} (SQLSTATE ${t})`,{cause:e})}function xt(e){let t=e instanceof Error?e.message:String(e);return new T(`UNAVAILABLE`,`the database cannot be reached: ${t||`connection failed`}`,{cause:e})}var St=class{#e;#t;#n=0;#r=/* @__PURE__ */ new WeakMap;#i=/* @__PURE__ */ new Map;#a=-1/0;constructor(e,t){this.#e=e,this.#t=t}renew(e){this.#o();let t=this.#r.get(e);if(t!==this.#n)return this.#r.set(e,this.#n),t===void 0?void 0:e.query(`DISCARD PLANS`)}#o(){performance.now()-this.#a<1e3||(this.#a=1/0,this.#s().catch(()=>{}).finally(()=>this.#a=performance.now()))}async#s(){let{rows:e}=await this.#e.query(Ct,[this.#t]);e.some(({name:e,size:t})=>t>(this.#i.get(e)??t))&&(this.#n+=1),this.#i=new Map(e.map(({name:e,size:t})=>[e,t]))}};const Ct=`
  SELECT c.relname AS name, least(6, floor(log(4.0, 1 + pg_relation_size(c.oid) / 8192)))::int AS size
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind = 'r'`,wt=/^(postgres(?:ql)?:\/\/(?:[^/?]*@)?)([^@/?]*)(.*)$/s;var Tt=class{#e;#t=0;constructor(e){this.#e=Et(e)}get count(){return this.#e.length}get current(){return this.#e[this.#t]??``}failed(e){e===this.current&&(this.#t=(this.#t+1)%this.#e.length)}};function Et(e){let[,t=``,n=``,r=``]=wt.exec(e)??[],i=n.split(`,`);if(i.length===1)return[e];if(i.includes(``))throw new T(`INVALID_ARGUMENT`,`${JSON.stringify(n)} is no list of hosts: give one like "one:5432,two:5432"`);return i.map(e=>`${t}${e}${r}`)}const Dt={statement_timeout:`10000`,lock_timeout:`5000`,idle_in_transaction_session_timeout:`5000`,enable_seqscan:`off`,plan_cache_mode:`force_generic_plan`,jit:`off`,timezone:`UTC`},Ot=/* @__PURE__ */ new WeakSet;async function kt(e){let{processID:t}=e,[n,r]=await e.query(`SELECT current_setting('transaction_read_only') AS "isReadOnly";
     ${jt(`session`)} WHERE pg_backend_pid() = ${Number(t)}`);return r.rowCount===0&&Ot.add(e),n.rows[0]?.isReadOnly===`on`}function L(e){return Ot.has(e)}function At(e){return L(e)?`BEGIN; ${jt(`transaction`)}`:`BEGIN`}function jt(e){let t=e===`transaction`,n=Object.entries(Dt).map(([e,n])=>`set_config('${e}', '${n}', ${t})`),r=`CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', ${t}) END`;return`SELECT ${[...n,r].join(`, `)}`}const Mt=5e3,Nt=`kagzi`;var Pt=class{schema;growth;#e;#t;#n;#r=/* @__PURE__ */ new WeakMap;constructor(e,t){this.#t=e,this.schema=Ut(e.schema??Nt),this.#n=new Tt(e.url);let n=()=>this.#c();this.#e=new ct({Client:function(){return n()},connectionTimeoutMillis:Mt,max:e.poolSize??10,idleTimeoutMillis:6e4,onConnect:e=>this.#l(e)}),this.#e.on(`error`,()=>{}),this.growth=t??new St(this.#e,e.schema??Nt)}now(){return this.#t.clock===void 0?null:new Date(this.#t.clock()).toISOString()}async run(e,t){let n=n=>n.run(e,t);return this.#d(()=>this.#i(e=>L(e)?It(e,n):n(Lt(e))))}async transaction(e,t=()=>!0){return this.#d(()=>this.#i(n=>It(n,e,t)))}async connect({isPatient:e=!1}={}){return this.#o(async()=>{let t=this.#s(e?{query_timeout:0}:{});try{return await t.connect(),await this.#l(t),t}catch(e){throw this.#u(t),t.end().catch(Ft),I(e)}})}connections(){let{idleCount:e,totalCount:t,waitingCount:n}=this.#e;return{busy:t-e,idle:e,waiting:n}}async close(){this.#e.ending||await this.#e.end()}async#i(e){let t=await this.#o(()=>this.#a()),n=!1;try{let n=L(t)?void 0:this.growth.renew(t);return n!==void 0&&await n,await e(t)}catch(e){throw n=!vt(e),yt(e)&&this.#u(t),e}finally{t.release(n)}}async#a(){for(;;){let e=await this.#e.connect();if(this.#r.get(e)===this.#n.current)return e;e.release(!0)}}async#o(e){for(let t=1;;t++){let n=this.#n.current;try{return await e()}catch(e){if(t>=this.#n.count||n===this.#n.current)throw e}}}#s(e={}){let t=this.#n.current,n=new st({...Bt(t),...e});return this.#r.set(n,t),n.on(`error`,Ft),n}#c(){let e=this.#s(),t=e.connect.bind(e);return Object.assign(e,{connect:n=>t(t=>{t&&this.#u(e),n(t,e)})})}async#l(e){if(await kt(e))throw this.#u(e),new T(`UNAVAILABLE`,`the database is a standby, or read-only: it is not written to`)}#u(e){let t=this.#r.get(e);t!==void 0&&this.#n.failed(t)}async#d(e){for(let t=1;;t++)try{return await e()}catch(e){if(!F(e)||t===6)throw I(e);await new Promise(e=>setTimeout(e,Math.random()*2**t))}}};function Ft(){}async function It(e,t,n=()=>!0){await e.query(At(e));try{let r=await t(Lt(e));return await e.query(n(r)?`COMMIT`:`ROLLBACK`),r}catch(t){throw await e.query(`ROLLBACK`),t}}function Lt(e){let t=!L(e);return{async run({name:n,text:r},i){return(await e.query({...t&&{name:n},text:r,values:Rt(i)})).rows}}}function Rt(e){return e.map(e=>e instanceof Uint8Array?Buffer.from(e.buffer,e.byteOffset,e.byteLength):zt(e)?lt(e):e)}function zt(e){return Array.isArray(e)}function Bt(e){return{connectionString:e,application_name:`kagzi`,connectionTimeoutMillis:Mt,query_timeout:15e3,keepAlive:!0,types:{getTypeParser:Vt}}}const Vt=(e,t)=>e===N.builtins.TIMESTAMPTZ?Ht:e===N.builtins.INT8?Number:N.getTypeParser(e,t),R={text:``,instant:0};function Ht(e){return e!==R.text&&(R.instant=Date.parse(`${e.slice(0,10)}T${e.slice(11)}:00`),R.text=e),R.instant}function Ut(e){if(!/^[a-z_][a-z0-9_]{0,62}$/.test(e))throw new T(`INVALID_ARGUMENT`,`a schema cannot be called ${JSON.stringify(e)}: take a-z, 0-9 and "_", no digit first, at most 63`);return`"${e}"`}const Wt=new URL(`../migrations-postgres/`,import.meta.url);async function Gt(e){let t=(await ge(Wt)).filter(e=>e.endsWith(`.sql`)).toSorted();return Promise.all(t.map(async t=>({version:Number(t.slice(0,4)),name:t.slice(5,-4),sql:(await he(new URL(t,Wt),`utf8`)).replaceAll(`:"schema"`,e)})))}const Kt=1e3;async function qt(e,t){let n=t??await Gt(e.schema),r=await e.connect({isPatient:!0});try{await Yt(r,e.schema),await Qt(r,e.schema,n.at(-1)?.version??0);for(let t of n)await $t(r,e.schema,t);return n.at(-1)?.version??0}catch(e){throw I(e)}finally{await r.end().catch(()=>{})}}async function Jt(e){let t=(await Gt(e.schema)).at(-1)?.version??0,n=await e.connect({isPatient:!1});try{return{version:await Xt(n,e.schema)?await Zt(n,e.schema):0,newest:t}}catch(e){throw I(e)}finally{await n.end().catch(()=>{})}}async function Yt(e,t){if(await Xt(e,t))return;let n=/* @__PURE__ */ new Set([`23505`,`42710`,`42P06`,`42P07`]),r=[`CREATE SCHEMA IF NOT EXISTS ${t}`,`CREATE TABLE IF NOT EXISTS ${t}.migrations (
       version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`];for(let t of r)await e.query(t).catch(e=>{if(!n.has(e.code??``))throw e})}async function Xt(e,t){let{rows:n}=await e.query(`SELECT to_regclass($1) IS NOT NULL AS "isThere"`,[`${t}.migrations`]);return n[0]?.isThere===!0}async function Zt(e,t){let{rows:n}=await e.query(`SELECT coalesce(max(version), 0)::int AS version FROM ${t}.migrations`);return n[0]?.version??0}async function Qt(e,t,n){let r=await Zt(e,t);if(!(r<=n))throw new T(`PRECONDITION_FAILED`,`the schema ${t} has version ${r}, this server knows ${n}: start a server that is as new as the schema`)}async function $t(e,t,n){for(let r=1;;r++)try{return await tn(e,t,n)}catch(e){let i=e.code===`55P03`;if(!i&&!F(e))throw e;if(r===12)throw i?en(t,n,e):e;await new Promise(e=>setTimeout(e,Kt*(.25+Math.random()/2)))}}function en(e,{name:t,version:n},r){return new T(`UNAVAILABLE`,`migration ${n} (${t}) of ${e} cannot be applied: a table that it changes stays locked; end the transactions that pg_locks names for it, or wait until another server has finished migrating`,{cause:r})}async function tn(e,t,n){let r=async()=>{let{rowCount:r}=await e.query(`SELECT 1 FROM ${t}.migrations WHERE version = $1`,[n.version]);return r===1};if(!await r()){await e.query(`BEGIN`);try{await e.query(`SET LOCAL lock_timeout = ${Kt}; SET LOCAL statement_timeout = 0`),await e.query(`LOCK TABLE ${t}.migrations IN SHARE ROW EXCLUSIVE MODE`),await r()||(await e.query(n.sql),await e.query(`INSERT INTO ${t}.migrations (version, name) VALUES ($1, $2)`,[n.version,n.name])),await e.query(`COMMIT`)}catch(t){throw await e.query(`ROLLBACK`).catch(()=>{}),t}}}const z=`clock AS (SELECT coalesce($1::timestamptz, date_trunc('milliseconds', statement_timestamp())) AS now)`;function B(e,t){return{name:`kagzi_${e}`,text:t}}var V=class{offsets=[];lengths=[];#e;#t={data:void 0,offset:0};constructor(e){this.#e=e}push(e,t){let n=e!==void 0&&e.data===this.#t.data;return this.offsets.push(e===void 0?null:(n?this.#t.offset:t)+1),this.lengths.push(e?.data.byteLength??null),e===void 0||n?t:(this.#t={data:e.data,offset:t},this.#e.push(e.data),t+e.data.byteLength)}};function H(e,t,n){return`substring(${e} FROM ${t} FOR ${n})`}function U(e){return e.every(e=>e===null)?null:e}function W(e){return`to_timestamp(${e} / 1000.0)`}function G(e){return`${e} * interval '1 millisecond'`}async function nn(e,t,n){let{action:r,actor:i,actorName:a,entryId:o,namespaceId:s,outcome:c,subject:l,subjectId:u}=n;await e.run(B(`audit_add`,`WITH ${z}
       INSERT INTO ${t.schema}.audit_log SELECT $2, now, $3, $4, $5, $6, $7, $8, $9 FROM clock
       ON CONFLICT DO NOTHING`),[t.now(),o,i,a,r,l,u,s??null,c])}async function rn(e,{namespaceId:t},{before:n=`ffffffff-ffff-ffff-ffff-ffffffffffff`,limit:r}){let i=`SELECT * FROM ${e.schema}.audit_log`,[a,o]=t===void 0?[B(`audit_list`,`${i} WHERE entry_id < $1 ORDER BY entry_id DESC LIMIT $2`),[n,r]]:[B(`audit_list_of_namespace`,`${i} WHERE namespace_id = $3 AND entry_id < $1 ORDER BY entry_id DESC LIMIT $2`),[n,r,t]];return(await e.run(a,o)).map(f)}async function an(e,t,n){let{schema:r}=e;return(await e.run(B(`audit_expire`,`WITH ${z},
       old AS MATERIALIZED (
         SELECT entry_id FROM ${r}.audit_log
         WHERE recorded_at < (SELECT now FROM clock) - ${G(`$2::bigint`)}
         ORDER BY recorded_at LIMIT $3 FOR UPDATE SKIP LOCKED
       )
       DELETE FROM ${r}.audit_log a USING old o WHERE a.entry_id = o.entry_id RETURNING a.entry_id`),[e.now(),t,n])).length}async function on(e,t,n){return e.transaction(async r=>{let[i]=await sn(r,e,t);if(i!==void 0)return await nn(r,e,n),{became:`created`,key:h(i)};let[a]=await cn(r,e,t.keyId);return a===void 0?{became:`refused`,because:`noNamespace`}:a.hash===t.hash?{became:`created`,key:h(a)}:{became:`refused`,because:`idTaken`}})}function sn(e,t,n){let{schema:r}=t;return e.run(B(`api_keys_create`,`WITH ${z}
       INSERT INTO ${r}.api_keys
       SELECT $2, $3, $4, $5, $6, now, now + ${G(`$7::bigint`)}, NULL, NULL FROM clock
       WHERE $5::text IS NULL OR EXISTS (SELECT FROM ${r}.namespaces WHERE namespace_id = $5)
       ON CONFLICT DO NOTHING RETURNING *`),[t.now(),n.keyId,n.name,n.role,n.namespaceId??null,n.hash,n.expiresInMs??null])}function cn(e,t,n){let r=`WITH ${z} SELECT k.*, now FROM ${t.schema}.api_keys k, clock WHERE key_id = $2`,i=[t.now(),n];return e.run(B(`api_keys_find`,r),i)}async function ln(e,t){let[n]=await cn(e,e,t);return n&&{key:h(n),now:n.now}}async function un(e,{namespaceId:t},{before:n=`~`,limit:r}){let i=`SELECT * FROM ${e.schema}.api_keys`,[a,o]=t===void 0?[B(`api_keys_list`,`${i} WHERE key_id < $1 ORDER BY key_id DESC LIMIT $2`),[n,r]]:[B(`api_keys_list_of_namespace`,`${i} WHERE namespace_id = $3 AND key_id < $1 ORDER BY key_id DESC LIMIT $2`),[n,r,t]];return(await e.run(a,o)).map(h)}async function dn(e,t,n){return e.transaction(async r=>{let[i]=await r.run(B(`api_keys_revoke`,`WITH ${z}
         UPDATE ${e.schema}.api_keys SET revoked_at = now
         FROM clock WHERE key_id = $2 AND revoked_at IS NULL RETURNING api_keys.*`),[e.now(),t]);i!==void 0&&await nn(r,e,n);let[a]=i===void 0?await cn(r,e,t):[i];return a&&h(a)})}async function fn(e,t){let{schema:n}=e;await e.run(B(`api_keys_used`,`WITH ${z},
       used AS MATERIALIZED (
         SELECT key_id FROM ${n}.api_keys
         WHERE key_id = ANY ($2::text[])
           AND (last_used_at IS NULL OR last_used_at <= (SELECT now FROM clock) - interval '1 minute')
         ORDER BY key_id FOR NO KEY UPDATE SKIP LOCKED
       )
       UPDATE ${n}.api_keys k SET last_used_at = now FROM clock, used u WHERE k.key_id = u.key_id`),[e.now(),t])}async function pn(e,t,n){let{after:r,limit:i,olderThanMs:a}=n,o=await e.run(mn(e.schema),[e.now(),t,a,r,i]);return{now:o[0]?.now??0,runs:o.map(d)}}function mn(e){let t=`r.workflow_type, r.status`;return B(`runs_expired`,`WITH RECURSIVE ${z},
     kinds(workflow_type, status) AS (
       (SELECT ${t} FROM ${e}.runs r WHERE r.namespace_id = $2 AND r.finished_at IS NOT NULL ORDER BY ${t} LIMIT 1)
       UNION ALL
       SELECT n.* FROM kinds k CROSS JOIN LATERAL (
         SELECT ${t} FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND (${t}) > (k.workflow_type, k.status) AND r.finished_at IS NOT NULL
         ORDER BY ${t} LIMIT 1
       ) n
     ),
     old AS MATERIALIZED (
       SELECT o.* FROM kinds k CROSS JOIN LATERAL (
         SELECT r.run_id, r.finished_at FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = k.workflow_type AND r.status = k.status
           AND r.finished_at > ${W(`$4::bigint`)}
           AND r.finished_at <= (SELECT now FROM clock) - ${G(`$3::bigint`)}
         ORDER BY r.finished_at LIMIT $5
       ) o
       ORDER BY o.finished_at LIMIT $5
     )
     SELECT ${r(`r`)}, (SELECT now FROM clock) AS now FROM old o
     JOIN ${e}.runs r ON r.namespace_id = $2 AND r.run_id = o.run_id
     ORDER BY r.finished_at`)}async function hn(e,t){let{schema:n}=e;return(await e.run(B(`runs_needed`,`SELECT r.run_id FROM unnest($1::text[], $2::uuid[]) AS w(namespace_id, run_id)
       JOIN ${n}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
       WHERE r.closing OR EXISTS (
         SELECT FROM ${n}.runs p WHERE p.namespace_id = r.namespace_id AND p.run_id = r.parent_run_id
           AND (p.finished_at IS NULL OR p.status = 'failed')
       ) OR EXISTS (
         SELECT FROM (
           SELECT h.kind, h.child_run_id FROM ${n}.history h
           WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id ORDER BY h.seq DESC LIMIT 1
         ) last
         JOIN ${n}.runs n ON n.namespace_id = r.namespace_id AND n.run_id = last.child_run_id
         WHERE last.kind = 'run'
       )`),[t.map(e=>e.namespaceId),t.map(e=>e.runId)])).map(e=>e.run_id)}async function gn(e,t){let{schema:n}=e,r=await e.run(yn(n),[]),i=await e.run(wn(n),[...bn(r),t]),a=vn(i),{looked:o,touched:s}=a.length===0?_n:await e.transaction(t=>En(e,t,a)),c=r.length===0?[]:await e.run(Tn(n),bn(r));return i.length===0&&r.length<100?{touched:s,left:`nothing`}:{touched:s,left:o+c.length>0?`more`:`busy`}}const _n={looked:0,touched:[]};function vn(e){return[...new Map(e.map(e=>[`${e.namespace_id}/${e.run_id}/${e.name}`,e])).values()]}function yn(e){return B(`event_routes_unrouted`,`SELECT namespace_id, name, key, sent_at, event_uid, event_id FROM ${e}.events
     WHERE NOT routed ORDER BY sent_at LIMIT 100`)}function bn(e){return[e.map(e=>e.namespace_id),e.map(e=>e.name),e.map(e=>e.key),e.map(e=>e.sent_at),e.map(e=>e.event_uid),e.map(e=>e.event_id)]}const xn=`unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::uuid[], $6::text[])
       AS e(namespace_id, name, key, sent_ms, event_uid, event_id)`;function Sn(e,t){return`w.namespace_id = e.namespace_id AND w.name = e.name AND w.state IN ('new', 'open') AND w.since <= ${t}
         AND w.begun_by IS DISTINCT FROM e.event_id AND ${Cn(e)}`}function Cn(e){return`(SELECT i.position FROM ${e}.inbox i WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id
           AND i.message_id = e.event_uid::text) IS NULL`}function wn(e){let t=t=>`(
         SELECT w.namespace_id, w.run_id, w.name, w.occurrence FROM ${e}.event_waits w
         WHERE ${t} AND ${Sn(e,W(`e.sent_ms`))} LIMIT $7)`;return B(`event_routes_candidates`,`SELECT * FROM (
       SELECT namespace_id, run_id, name, occurrence FROM ${e}.event_waits WHERE state = 'new' LIMIT $7
     ) fresh
     UNION
     SELECT * FROM (
       SELECT w.* FROM ${xn}
       CROSS JOIN LATERAL (${t(`w.key IS NULL`)} UNION ALL ${t(`w.key = e.key`)}) w LIMIT $7
     ) matching
     LIMIT $7`)}function Tn(e){let t=t=>`EXISTS (SELECT FROM ${e}.event_waits w WHERE ${t} AND ${Sn(e,W(`e.sent_ms`))})`;return B(`event_routes_routed`,`UPDATE ${e}.events known SET routed = true FROM ${xn}
     WHERE known.namespace_id = e.namespace_id AND known.name = e.name AND known.sent_at = ${W(`e.sent_ms`)}
       AND known.event_uid = e.event_uid AND NOT known.routed
       AND NOT ${t(`w.key IS NULL`)} AND NOT ${t(`w.key = e.key`)}
     RETURNING known.event_uid`)}async function En(e,t,r){let i=await Dn(t,e.schema,r),a=new Set(i.map(e=>`${e.namespaceId}/${e.runId}`)),o=r.filter(e=>a.has(`${e.namespace_id}/${e.run_id}`));if(o.length===0)return _n;let s=await t.run(On(e.schema),[e.now(),o.map(e=>e.namespace_id),o.map(e=>e.run_id),o.map(e=>e.name),o.map(e=>e.occurrence)]);return{looked:s[0]?.looked??0,touched:s.flatMap(e=>e.namespace_id===null?[]:[n(e.namespace_id,e)])}}async function Dn(e,t,n){return(await e.run(B(`event_routes_lock`,`SELECT namespace_id, run_id FROM ${t}.runs
       WHERE (namespace_id, run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) AND finished_at IS NULL
       ORDER BY namespace_id, run_id FOR UPDATE SKIP LOCKED`),[n.map(e=>e.namespace_id),n.map(e=>e.run_id)])).map(e=>({namespaceId:e.namespace_id,runId:e.run_id}))}function On(e){let t=t=>`(
           SELECT e.sent_at, e.event_uid FROM ${e}.events e
           WHERE ${t} AND e.namespace_id = w.namespace_id AND e.name = w.name AND e.sent_at >= w.since
             AND e.event_id IS DISTINCT FROM w.begun_by AND ${Cn(e)}
           ORDER BY e.sent_at, e.event_uid LIMIT 1)`;return B(`event_routes_bring`,`WITH ${z},
     wait AS MATERIALIZED (
       SELECT w.* FROM unnest($2::text[], $3::uuid[], $4::text[], $5::int[]) AS c(namespace_id, run_id, name, occurrence)
       JOIN ${e}.event_waits w USING (namespace_id, run_id, name, occurrence)
       WHERE w.state NOT IN ('brought', 'suspended')
       ORDER BY w.namespace_id, w.run_id, w.name, w.occurrence FOR UPDATE OF w
     ),
     found AS MATERIALIZED (
       SELECT w.namespace_id, w.run_id, w.name, w.occurrence, w.state, e.sent_at, e.event_uid
       FROM wait w LEFT JOIN LATERAL (
         ${t(`w.key IS NULL`)} UNION ALL ${t(`w.key = e.key`)}
       ) e ON true
     ),
     placed AS MATERIALIZED (
       SELECT f.*, CASE WHEN f.event_uid IS NOT NULL THEN r.signals + (row_number() OVER (
           PARTITION BY f.namespace_id, f.run_id ORDER BY f.sent_at NULLS LAST, f.event_uid))::int END AS position
       FROM found f JOIN ${e}.runs r ON r.namespace_id = f.namespace_id AND r.run_id = f.run_id
     ),
     put AS (
       INSERT INTO ${e}.inbox (namespace_id, run_id, position, kind, name, key, message_id, event_uid, payload,
         payload_metadata, received_at)
       SELECT p.namespace_id, p.run_id, p.position, 'event', e.name, e.key, e.event_uid::text, e.event_uid, e.payload,
         e.payload_metadata, now
       FROM clock, placed p
       JOIN ${e}.events e
         ON e.namespace_id = p.namespace_id AND e.name = p.name AND e.sent_at = p.sent_at AND e.event_uid = p.event_uid
     ),
     marked AS (
       UPDATE ${e}.event_waits w
       SET state = CASE WHEN p.position IS NULL THEN 'open' ELSE 'brought' END, position = p.position
       FROM placed p
       WHERE w.namespace_id = p.namespace_id AND w.run_id = p.run_id AND w.name = p.name
         AND w.occurrence = p.occurrence
     ),
     touched AS (
       UPDATE ${e}.runs r SET signals = p.last,
         status = CASE r.status WHEN 'waiting' THEN 'pending' ELSE r.status END,
         available_at = CASE r.status WHEN 'waiting' THEN now ELSE r.available_at END
       FROM clock, (
         SELECT namespace_id, run_id, max(position) AS last FROM placed WHERE position IS NOT NULL
         GROUP BY namespace_id, run_id
       ) p
       WHERE r.namespace_id = p.namespace_id AND r.run_id = p.run_id
       RETURNING r.namespace_id, r.run_id, r.task_queue, r.workflow_type, r.version, r.worker_id, r.status
     )
     SELECT l.looked, t.* FROM (
       SELECT count(*)::int AS looked FROM placed WHERE state = 'new' OR position IS NOT NULL
     ) l LEFT JOIN touched t ON true`)}function kn({next:e,records:t}){return e?.status!==`completed`&&e?.status!==`cancelled`&&t.some(e=>e.kind===`event`)}async function An(e,t,n){let r=n.filter(kn).flatMap(jn),i=r.filter(({record:e})=>e.type===`started`),a=r.filter(({record:e})=>e.type!==`started`);a.length>0&&await Mn(e,t,a),i.length>0&&await In(e,t,i)}function jn({namespaceId:e,records:t,runId:n}){let r=t.filter(e=>e.kind===`event`);return[...new Map(r.map(t=>[`${t.occurrence} ${t.name}`,{namespaceId:e,runId:n,record:t}])).values()]}async function Mn(e,t,n){let r=await t.run(Pn(e.schema),Nn(n)),i=new Set(r.map(e=>`${e.namespace_id}/${e.run_id} ${e.position}`)),a=n.filter(({namespaceId:e,record:t,runId:n})=>t.takes!==void 0&&!i.has(`${e}/${n} ${t.takes}`));a.length!==0&&await t.run(Fn(e.schema),[a.map(({namespaceId:e})=>e),a.map(({runId:e})=>e),a.map(({record:e})=>e.takes??null)])}function Nn(e){return[e.map(({namespaceId:e})=>e),e.map(({runId:e})=>e),e.map(({record:e})=>e.name),e.map(({record:e})=>e.occurrence)]}function Pn(e){return B(`event_waits_end`,`WITH ended AS MATERIALIZED (
       SELECT w.namespace_id, w.run_id, w.name, w.occurrence
       FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[]) AS r(namespace_id, run_id, name, occurrence)
       JOIN ${e}.event_waits w USING (namespace_id, run_id, name, occurrence)
       ORDER BY w.namespace_id, w.run_id, w.name, w.occurrence FOR UPDATE OF w
     )
     DELETE FROM ${e}.event_waits w USING ended e
     WHERE w.namespace_id = e.namespace_id AND w.run_id = e.run_id AND w.name = e.name AND w.occurrence = e.occurrence
     RETURNING w.namespace_id, w.run_id, w.position`)}function Fn(e){return B(`event_waits_again`,`UPDATE ${e}.event_waits w SET state = 'new', position = NULL
     FROM unnest($1::text[], $2::uuid[], $3::int[]) AS t(namespace_id, run_id, position)
     WHERE w.namespace_id = t.namespace_id AND w.run_id = t.run_id AND w.position = t.position`)}async function In(e,t,n){let r=n.map(({record:e})=>e.key??null);await t.run(Ln(e.schema),[...Nn(n),r])}function Ln(e){return B(`event_waits_begin`,`INSERT INTO ${e}.event_waits (namespace_id, run_id, name, occurrence, key, since, begun_by, state)
     SELECT b.namespace_id, b.run_id, b.name, b.occurrence, b.key, r.created_at, r.event_id,
       CASE WHEN r.finished_at IS NULL THEN 'new' ELSE 'suspended' END
     FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::text[])
       AS b(namespace_id, run_id, name, occurrence, key)
     JOIN ${e}.runs r ON r.namespace_id = b.namespace_id AND r.run_id = b.run_id
     WHERE r.finished_at IS NULL OR r.status = 'failed'
     ORDER BY b.namespace_id, b.run_id, b.name, b.occurrence
     ON CONFLICT (namespace_id, run_id, name, occurrence)
       DO UPDATE SET key = excluded.key, state = excluded.state, position = NULL`)}async function Rn(e,{namespaceId:t,runId:n}){return e.run(B(`event_waits_keys`,`SELECT name, occurrence, key FROM ${e.schema}.event_waits
       WHERE namespace_id = $1 AND run_id = $2 AND key IS NOT NULL ORDER BY name, occurrence LIMIT 100`),[t,n])}async function zn(e,t,n,{status:r}){let{schema:i}=e,a=[n.namespaceId,n.runId],o=`${i}.event_waits WHERE namespace_id = $1 AND run_id = $2`;r===`failed`?await t.run(Bn(i,`suspended`),a):E(r)?await t.run(B(`event_waits_close`,`DELETE FROM ${o}`),a):n.status===`failed`&&await t.run(Bn(i,`new`),a)}function Bn(e,t){return B(`event_waits_${t}`,`UPDATE ${e}.event_waits SET state = '${t}', position = NULL WHERE namespace_id = $1 AND run_id = $2`)}async function Vn(e,t){let n=e.now();return e.transaction(async r=>{let i=await r.run(Yn(e.schema),[n,...Kn(t),t.aheadMs??0]),{candidates:a,overdue:o}=Wn(i),s=a.length===0?[]:t.assign(a),c=await Un(r,e,{ready:i,assignments:s,namespaceId:t.namespaceId}),l=ne(t.wanted,i.map(Gn),new Set(c.map(({run:e})=>e.runId))),u=w(s,c),[d]=c;if(l.length>0&&d!==void 0)return{now:d.run.claimedAt,claimed:c,refused:u,overdue:o,more:l};let f=await Zn(r,e.schema,n,t);return{now:f.now,claimed:c,refused:u,overdue:o,more:l,...f.at!==null&&{nextAt:Hn(f.at,f.now,t)}}})}function Hn(e,t,{aheadMs:n=0}){return e>t+n?e-n:e}async function Un(e,t,n){let{assignments:r,namespaceId:i,ready:a}=n;if(r.length===0)return[];let o=new Map(a.map(e=>[e.run_id,e]));return(await e.run(Xn(t.schema),[t.now(),i,r.map(e=>e.runId),r.map(e=>e.workerId),r.map(e=>e.timeoutMs??null)])).map(e=>{let t=o.get(e.run_id),n=t?.available_at??e.now;return{run:d(e),lastSeq:e.claimed_seq,sameWorker:t?.worker_id===e.worker_id,...n>e.now&&{readyAt:n}}})}function Wn(e){let t=e=>e.overdue===!0;return{candidates:e.filter(e=>!t(e)).map(Gn),overdue:e.filter(t).map(e=>e.run_id)}}function Gn(e){return{runId:e.run_id,workflowType:e.workflow_type,version:e.version,availableAt:e.available_at,isDue:e.status!==`pending`,...e.worker_id!==null&&{workerId:e.worker_id}}}function Kn(e){return[e.namespaceId,e.taskQueue,e.wanted.map(e=>e.workflowType),e.wanted.map(e=>e.version),e.wanted.map(e=>e.limit)]}const qn=`wanted AS (SELECT * FROM unnest($4::text[], $5::text[], $6::int[]) AS w(workflow_type, version, wanted))`;function Jn(e){return`all_${qn},
     wanted AS (SELECT * FROM all_wanted w WHERE NOT EXISTS (
       SELECT FROM ${e}.workflow_limits l WHERE l.namespace_id = $2 AND l.workflow_type = w.workflow_type))`}const K=`r.namespace_id = $2 AND r.task_queue = $3 AND r.workflow_type = w.workflow_type
             AND r.version = w.version AND r.available_at IS NOT NULL AND r.lane IS NULL`;function q(e){return`
       WITH RECURSIVE level(priority) AS (
         (SELECT r.priority FROM ${e}.runs r WHERE ${K} ORDER BY r.priority DESC LIMIT 1)
         UNION ALL
         SELECT (SELECT r.priority FROM ${e}.runs r WHERE ${K} AND r.priority < l.priority
                 ORDER BY r.priority DESC LIMIT 1)
         FROM level l WHERE l.priority IS NOT NULL
       )`}function Yn(e){return B(`runs_ready`,`WITH ${z}, ${Jn(e)}
     SELECT c.run_id, c.workflow_type, c.version, c.worker_id, c.status, c.available_at, c.overdue
     FROM wanted w CROSS JOIN LATERAL (${q(e)}
       SELECT ready.*, l.priority FROM level l CROSS JOIN LATERAL (
         SELECT r.run_id, r.workflow_type, r.version, r.worker_id, r.status, r.available_at,
           r.deadline_at <= (SELECT now FROM clock) AS overdue
         FROM ${e}.runs r
         WHERE ${K} AND r.priority = l.priority AND r.available_at <= (SELECT now FROM clock) + ${G(`$7::bigint`)}
           AND (r.available_at <= (SELECT now FROM clock)
             OR (r.status = 'sleeping' AND (r.deadline_at IS NULL OR r.deadline_at > r.available_at)))
         ORDER BY r.available_at LIMIT w.wanted FOR UPDATE SKIP LOCKED
       ) ready
       WHERE l.priority IS NOT NULL ORDER BY l.priority DESC, ready.available_at LIMIT w.wanted
     ) c
     ORDER BY c.priority DESC, c.available_at`)}function Xn(e){return B(`runs_claim`,`WITH ${z}
     UPDATE ${e}.runs r SET
       status = 'running',
       epoch = r.epoch + 1,
       -- As crashesWithClaim says. Few runs have a count, so that few workers are looked for.
       crashes = CASE WHEN r.crashes = 0 OR EXISTS (
           SELECT FROM ${e}.workers last WHERE last.namespace_id = $2 AND last.worker_id = r.worker_id
             AND last.lease_expires_at >= now) THEN 1 ELSE r.crashes + 1 END,
       worker_id = a.worker_id,
       available_at = NULL,
       lane = NULL,
       claimed_at = now,
       claimed_seq = (SELECT coalesce(max(h.seq), 0) FROM ${e}.history h
                      WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id),
       -- What they are comes with the run.
       signals_heard = r.signals,
       -- The database's clock may have been set back since.
       started_at = coalesce(r.started_at, greatest(now, r.created_at)),
       timeout_ms = CASE WHEN r.started_at IS NULL THEN coalesce(r.timeout_ms, a.timeout_ms) ELSE r.timeout_ms END,
       deadline_at = CASE WHEN r.started_at IS NULL THEN now + ${G(`coalesce(r.timeout_ms, a.timeout_ms)`)}
                          ELSE r.deadline_at END
     FROM clock, unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS a(run_id, worker_id, timeout_ms)
     -- A worker that was not heard of in time has no lease to put a run under.
     JOIN ${e}.workers w ON w.namespace_id = $2 AND w.worker_id = a.worker_id
     WHERE r.namespace_id = $2 AND r.run_id = a.run_id AND w.lease_expires_at >= now
       -- Its time may have come since it was read.
       AND (r.deadline_at IS NULL OR r.deadline_at > now)
     RETURNING ${r(`r`)}, r.claimed_seq, now`)}async function Zn(e,t,n,r){return(await e.run(Qn(t),[n,...Kn(r)]))[0]??{now:0,at:null}}function Qn(e){return B(`runs_next_ready`,`WITH ${z}, ${qn}
     SELECT now, (
       SELECT min(next.at) FROM wanted w CROSS JOIN LATERAL (${q(e)}
         SELECT (SELECT r.available_at FROM ${e}.runs r
                 WHERE ${K} AND r.priority = l.priority AND r.available_at > now AND w.wanted > 0
                 ORDER BY r.available_at LIMIT 1) AS at
         FROM level l WHERE l.priority IS NOT NULL
       ) next
     ) AS at
     FROM clock`)}function $n(e,t){return`
       INSERT INTO ${e}.lanes AS l
         (namespace_id, lane, workflow_type, task_queue, version, limit_key, throttle_key, priority, ready_at)
       SELECT s.namespace_id, s.lane, min(s.workflow_type), min(s.task_queue), min(s.version), min(s.limit_key),
         min(s.lane_throttle), max(s.priority), (SELECT now FROM clock)
       FROM ${t} s WHERE s.lane IS NOT NULL GROUP BY s.namespace_id, s.lane ORDER BY s.namespace_id, s.lane
       -- The row is locked even where nothing changes: a claim that finds the line empty must not remove it now.
       ON CONFLICT (namespace_id, lane) DO UPDATE SET priority = greatest(l.priority, excluded.priority)`}function er(e){return B(`lanes_open`,`WITH ${z}, ${qn},
     locked AS MATERIALIZED (
       SELECT l.workflow_type, l.declared, l.override FROM ${e}.workflow_limits l
       WHERE l.namespace_id = $2 AND l.workflow_type = ($4::text[])[1] FOR NO KEY UPDATE
     )
     SELECT (SELECT now FROM clock) AS now, o.*, d.*, h.payload, h.payload_metadata FROM locked o LEFT JOIN (wanted w CROSS JOIN LATERAL (${q(e)}
       SELECT ready.* FROM level l CROSS JOIN LATERAL (
         SELECT r.namespace_id, r.run_id, r.limit_key, r.throttle_key, r.priority, r.started_at IS NOT NULL AS has_begun
         FROM ${e}.runs r
         WHERE ${K} AND r.priority = l.priority AND r.available_at <= (SELECT now FROM clock)
         ORDER BY r.available_at LIMIT w.wanted FOR UPDATE SKIP LOCKED
       ) ready
       WHERE l.priority IS NOT NULL LIMIT w.wanted
     ) d) ON true
     LEFT JOIN ${e}.history h
       ON d.limit_key IS NULL AND h.namespace_id = d.namespace_id AND h.run_id = d.run_id AND h.seq = 1`)}function tr(e){return B(`lanes_line_up`,`WITH ${z},
     due AS MATERIALIZED (
       SELECT $2 AS namespace_id, $3 AS task_queue, $4 AS workflow_type, $5 AS version, d.*
       FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::smallint[])
         AS d(run_id, limit_key, throttle_key, lane, lane_throttle, priority)
     ),
     lined AS (
       UPDATE ${e}.runs r SET limit_key = d.limit_key, throttle_key = d.throttle_key, lane = d.lane
       FROM due d WHERE r.namespace_id = d.namespace_id AND r.run_id = d.run_id
     )${$n(e,`due`)}`)}function nr(e){return`
     level(priority) AS (
       (SELECT l.priority FROM ${e}.lanes l WHERE ${J} ORDER BY l.priority DESC LIMIT 1)
       UNION ALL
       SELECT (SELECT l.priority FROM ${e}.lanes l WHERE ${J} AND l.priority < v.priority
               ORDER BY l.priority DESC LIMIT 1)
       FROM level v WHERE v.priority IS NOT NULL
     )`}const J=`l.namespace_id = $2 AND l.workflow_type = $4 AND l.task_queue = $3 AND l.version = $5`;function rr(e){return B(`lanes_turn`,`WITH RECURSIVE ${z},
     going AS MATERIALIZED (
       SELECT r.limit_key, count(*)::int AS running FROM ${e}.runs r
       WHERE r.namespace_id = $2 AND r.workflow_type = $4 AND r.claimed_at IS NOT NULL AND r.limit_key IS NOT NULL
       GROUP BY r.limit_key
     ),
     ${nr(e)},
     turn AS MATERIALIZED (
       SELECT ready.* FROM level v CROSS JOIN LATERAL (
         SELECT l.lane, l.priority, l.ready_at FROM ${e}.lanes l
         WHERE ${J} AND l.priority = v.priority AND l.ready_at <= (SELECT now FROM clock)
           AND l.limit_key NOT IN (SELECT g.limit_key FROM going g WHERE g.running >= $7::int)
         ORDER BY l.ready_at LIMIT $6::int
       ) ready
       WHERE v.priority IS NOT NULL ORDER BY v.priority DESC, ready.ready_at LIMIT $6::int
     )
     SELECT l.lane, l.limit_key, l.throttle_key, l.priority, l.ready_at, (SELECT now FROM clock) AS now,
       coalesce((SELECT g.running FROM going g WHERE g.limit_key = l.limit_key), 0) AS running,
       coalesce((SELECT sum(g.running)::int FROM going g), 0) AS total
     FROM ${e}.lanes l
     WHERE l.namespace_id = $2 AND l.lane = ANY(ARRAY(SELECT t.lane FROM turn t))
     -- In the order of their keys, as those who put runs into them lock them.
     ORDER BY l.lane FOR UPDATE OF l`)}function ir(e){return B(`lanes_begun`,`WITH ${z}
     SELECT t.key, b.begun, b.first + ${G(`$5::bigint`)} AS until FROM unnest($4::text[]) AS t(key)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS begun, min(s.started_at) AS first FROM (
         SELECT r.started_at FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = $3 AND r.throttle_key = t.key
           AND r.started_at > (SELECT now FROM clock) - ${G(`$5::bigint`)}
         ORDER BY r.started_at DESC LIMIT $6
       ) s
     ) b`)}function ar(e){return B(`lanes_heads`,`WITH ${z}
     SELECT c.* FROM unnest($3::text[], $4::int[]) WITH ORDINALITY AS q(lane, quota, place)
     CROSS JOIN LATERAL (
       SELECT r.run_id, r.workflow_type, r.version, r.worker_id, r.status, r.available_at,
         r.deadline_at <= (SELECT now FROM clock) AS overdue
       FROM ${e}.runs r
       WHERE r.namespace_id = $2 AND r.lane = q.lane AND r.available_at IS NOT NULL
       ORDER BY r.priority DESC, r.available_at LIMIT q.quota FOR UPDATE SKIP LOCKED
     ) c
     ORDER BY q.place`)}function or(e){return B(`lanes_settle`,`WITH ${z},
     visited AS MATERIALIZED (
       SELECT v.lane, v.until, (
         SELECT r.priority FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.lane = v.lane AND r.available_at IS NOT NULL
         ORDER BY r.priority DESC LIMIT 1) AS priority
       FROM unnest($3::text[], $4::timestamptz[]) AS v(lane, until)
     ),
     gone AS (
       DELETE FROM ${e}.lanes l
       WHERE l.namespace_id = $2 AND l.lane IN (SELECT v.lane FROM visited v WHERE v.priority IS NULL)
     )
     UPDATE ${e}.lanes l SET priority = v.priority, ready_at = greatest(v.until, (SELECT now FROM clock))
     FROM visited v WHERE l.namespace_id = $2 AND l.lane = v.lane AND v.priority IS NOT NULL`)}function sr(e){return B(`lanes_release`,`WITH ${z},
     waiting AS MATERIALIZED (
       SELECT l.lane FROM ${e}.lanes l
       WHERE l.namespace_id = $2 AND l.workflow_type = ANY($3::text[]) AND l.ready_at > (SELECT now FROM clock)
       ORDER BY l.lane FOR UPDATE
     )
     UPDATE ${e}.lanes l SET ready_at = (SELECT now FROM clock)
     WHERE l.namespace_id = $2 AND l.lane IN (SELECT w.lane FROM waiting w)`)}function cr(e){return B(`lanes_next_turn`,`WITH RECURSIVE ${z}, ${nr(e)}
     SELECT min(next.at) AS at FROM (
       SELECT (SELECT l.ready_at FROM ${e}.lanes l WHERE ${J} AND l.priority = v.priority
                 AND l.ready_at > (SELECT now FROM clock) ORDER BY l.ready_at LIMIT 1) AS at
       FROM level v WHERE v.priority IS NOT NULL
     ) next`)}async function lr(e,t){let n=await Y(e,e,t);return Z(e,e.schema,t,n)}async function ur(e,t){return e.transaction(async n=>{let r=await Y(e,n,t);return Z(n,e.schema,t,r)},e=>e.every((e,n)=>dr(e,t[n])))}function dr(e,t){return e.became===`found`&&e.runId===t?.runId?!0:e.became===`found`?e.fingerprint===t?.key?.fingerprint:e.became===`started`}async function Y(e,t,n){let r=gr(e.schema,{ofParents:n.some(e=>e.parent?.awaited===!0),limited:n.some(e=>e.limitKey!==void 0)}),i=await t.run(r,[e.now(),...mr(fr(n))]);return new Map(i.map(e=>[pr(e),{became:`started`,now:e.now,claimed:e.claimed}]))}function fr(e){let t=/* @__PURE__ */ new Map;for(let n of e){let e=X(n);t.has(e)||t.set(e,n)}return t.size===e.length?e:[...t.values()]}function pr(e){return X({namespaceId:e.namespace_id,runId:e.run_id})}function X({namespaceId:e,runId:t}){return`${e}/${t}`}function mr(e){let t=[],n=new V(t);return e.reduce((e,t)=>n.push(t.input,e),0),[e.map(e=>e.namespaceId),e.map(e=>e.runId),U(e.map(e=>e.key?.externalId??null)),U(e.map(e=>e.key?.fingerprint??null)),e.map(e=>e.taskQueue),e.map(e=>e.workflowType),e.map(e=>e.version),e.map(e=>e.priority),U(e.map(e=>g(e.retryPolicy))),e.map(e=>e.delayMs),U(e.map(e=>e.timeoutMs??null)),U(e.map(e=>e.startTimeoutMs??null)),U(e.map(e=>e.parent?.runId??null)),U(e.map(e=>e.parent?.step??null)),e.map(e=>e.parent?.awaited??!1),U(e.map(e=>e.parent?.startedAs??null)),U(e.map(e=>e.continuedFrom??null)),U(e.map(e=>e.claimedBy??null)),U(n.offsets),U(n.lengths),U(e.map(e=>C(e.input))),Buffer.concat(t),U(e.map(e=>e.limitKey??null)),U(e.map(e=>e.throttleKey??null)),U(e.map(e=>hr(e)??null)),U(e.map(e=>e.eventId??null)),U(e.map(e=>e.scheduleId??null)),U(e.map(e=>e.scheduledAt??null))]}function hr(e){let{delayMs:t,limitKey:n}=e;return n===void 0||t>0?void 0:se({...e,limitKey:n},!1)}function gr(e,{limited:t,ofParents:n}){let r=`
     living AS MATERIALIZED (
       SELECT p.namespace_id, p.run_id FROM ${e}.runs p
       WHERE (p.namespace_id, p.run_id) IN (SELECT s.namespace_id, s.parent_run_id FROM start s WHERE s.awaited)
         AND p.finished_at IS NULL
       ORDER BY p.namespace_id, p.run_id FOR SHARE
     ),`,i=`
     beginning AS (
       SELECT f.*, f.throttle_key AS lane_throttle FROM fresh f
       WHERE (f.namespace_id, f.run_id) IN (SELECT namespace_id, run_id FROM begun)
     ),
     lined AS (${$n(e,`beginning`)}
     ),`;return B(`runs_start${n?`_of_parents`:``}${t?`_limited`:``}`,`WITH ${z},
     start AS (
       SELECT * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                            $9::smallint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
                            $14::uuid[], $15::text[], $16::boolean[], $17::uuid[], $18::uuid[], $19::uuid[],
                            $20::int[], $21::int[], $22::text[], $24::text[], $25::text[], $26::text[], $27::text[],
                            $28::text[], $29::bigint[])
         AS s(namespace_id, run_id, external_id, fingerprint, task_queue, workflow_type, version,
              priority, retry_policy, delay_ms, timeout_ms, start_timeout_ms, parent_run_id, parent_step, awaited,
              started_as, continued_from, offered_to, input_offset, input_length, input_metadata, limit_key,
              throttle_key, lane, event_id, schedule_id, scheduled_at)
     ),${n?r:``}
     allowed AS (
       -- A worker that was not heard of in time has no lease to put a run under.
       SELECT s.*, w.worker_id AS claimed_by FROM clock, start s
       LEFT JOIN ${e}.workers w
         ON w.namespace_id = s.namespace_id AND w.worker_id = s.offered_to AND w.lease_expires_at >= (SELECT now FROM clock)
         -- Who has limits waits for its turn, even where its starter did not know of them yet.
         AND NOT EXISTS (SELECT FROM ${e}.workflow_limits l
           WHERE l.namespace_id = s.namespace_id AND l.workflow_type = s.workflow_type)
       -- What a run that is there needs in order to come to its end begins in a disabled namespace, too.
       WHERE (SELECT n.enabled OR s.awaited OR s.continued_from IS NOT NULL
              FROM ${e}.namespaces n WHERE n.namespace_id = s.namespace_id)
         ${n?`AND (NOT s.awaited OR (s.namespace_id, s.parent_run_id) IN (SELECT * FROM living))`:``}
         -- Not what is there, begun by another start: this one begins nothing, and its key would lead nowhere.
         AND (SELECT r.run_id FROM ${e}.runs r WHERE r.namespace_id = s.namespace_id AND r.run_id = s.run_id) IS NULL
     ),
     keyed AS (
       INSERT INTO ${e}.run_keys (namespace_id, external_id, run_id, fingerprint)
       SELECT a.namespace_id, a.external_id, a.run_id, a.fingerprint FROM allowed a
       WHERE a.external_id IS NOT NULL
       ORDER BY a.namespace_id, a.external_id
       ON CONFLICT DO NOTHING RETURNING namespace_id, run_id
     ),
     fresh AS MATERIALIZED (
       SELECT * FROM allowed
       WHERE external_id IS NULL OR (namespace_id, run_id) IN (SELECT namespace_id, run_id FROM keyed)
     ),
     begun AS (
       INSERT INTO ${e}.runs (namespace_id, run_id, external_id, task_queue, workflow_type, version, status,
         priority, attempt, epoch, crashes, retry_policy, worker_id, available_at, claimed_at, claimed_seq,
         created_at, started_at, deadline_at, timeout_ms, parent_run_id, parent_step, awaited, started_as, continued_from,
         limit_key, throttle_key, lane, event_id, schedule_id, scheduled_at)
       SELECT namespace_id, run_id, external_id, task_queue, workflow_type, version,
         CASE WHEN claimed_by IS NULL THEN 'pending' ELSE 'running' END,
         priority, 1, CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END, CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END,
         retry_policy, claimed_by,
         CASE WHEN claimed_by IS NULL THEN now + ${G(`delay_ms`)} END,
         CASE WHEN claimed_by IS NOT NULL THEN now END, 1,
         now, CASE WHEN claimed_by IS NOT NULL THEN now END,
         now + CASE WHEN claimed_by IS NULL THEN ${G(`(delay_ms + start_timeout_ms)`)} ELSE ${G(`timeout_ms`)} END,
         timeout_ms, parent_run_id, parent_step, awaited, started_as, continued_from, limit_key, throttle_key, lane,
         event_id, schedule_id, ${W(`scheduled_at`)}
       FROM fresh, clock
       ON CONFLICT (namespace_id, schedule_id, scheduled_at) WHERE scheduled_at IS NOT NULL DO NOTHING
       RETURNING namespace_id, run_id, claimed_at IS NOT NULL AS claimed
     ),${t?i:``}
     recorded AS (
       INSERT INTO ${e}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, payload, payload_metadata)
       SELECT namespace_id, run_id, 1, 0, 'run', 'started', '', 1, 1, now, now,
         ${H(`$23::bytea`,`input_offset`,`input_length`)}, input_metadata
       FROM fresh, clock
       WHERE run_id IS NULL OR (namespace_id, run_id) IN (SELECT namespace_id, run_id FROM begun)
     )
     SELECT namespace_id, run_id, now, claimed FROM begun, clock`)}async function Z(e,t,n,r){let i=n.filter(e=>!r.has(X(e))),a=i.length===0?[]:await yr(e,t,i),o=/* @__PURE__ */ new Set,s=0;return n.map(e=>{let t=X(e),n=r.get(t);return n===void 0?a[s++]??_r:o.has(t)?vr(e):(o.add(t),n)})}const _r={became:`refused`,because:`noNamespace`};function vr(e){return{became:`found`,runId:e.runId,fingerprint:e.key?.fingerprint??``}}async function yr(e,t,n){let r=await e.run(xr(t),[n.map(e=>e.namespaceId),n.map(e=>e.runId),n.map(e=>e.key?.externalId??null)]),i=new Map(r.map(e=>[e.number,e]));return n.map((e,t)=>{let n=i.get(t+1);if(n===void 0)return;if(n.is_own)return vr(e);if(n.key_run_id!==null)return{became:`found`,runId:n.key_run_id,fingerprint:n.fingerprint??``};let{continuedFrom:r,parent:a,runId:o,scheduledAt:s}=e;if(a?.awaited===!0)return{became:`refused`,because:`parentEnded`};if(!n.enabled&&r===void 0)return{became:`refused`,because:`namespaceDisabled`};if(s!==void 0)return{became:`refused`,because:`parentEnded`};throw br(o)})}function br(e){let t=`run ${e}, or the one with its external id, was deleted while it was started: make the call again`;return new T(`UNAVAILABLE`,t,{subject:`run`,subjectId:e})}function xr(e){return B(`runs_start_lookup`,`SELECT s.number, n.enabled, r.run_id IS NOT NULL AS is_own, k.run_id AS key_run_id, k.fingerprint
     FROM unnest($1::text[], $2::uuid[], $3::text[]) WITH ORDINALITY AS s(namespace_id, run_id, external_id, number)
     JOIN ${e}.namespaces n USING (namespace_id)
     LEFT JOIN ${e}.run_keys k ON k.namespace_id = s.namespace_id AND k.external_id = s.external_id
     LEFT JOIN ${e}.runs r ON r.namespace_id = s.namespace_id AND r.run_id = s.run_id`)}async function Sr(e,t,n){return(await e.run(B(`events_subscriptions`,`SELECT workflow_type, version, task_queue FROM ${e.schema}.subscriptions
       WHERE namespace_id = $1 AND event_name = $2 ORDER BY workflow_type, version`),[t,n])).map(e=>({workflowType:e.workflow_type,version:e.version,taskQueue:e.task_queue}))}async function Cr(e,t,n){for(;;){let r=await e.transaction(r=>wr(e,r,t,n),e=>e?.became===`sent`);if(r!==void 0)return r}}async function wr(e,t,n,r){let[i]=await t.run(Tr(e.schema),[e.now(),n.namespaceId,n.eventUid,n.eventId,n.name,n.key??null,n.payload?.data??null,C(n.payload),JSON.stringify(r.map(({runId:e})=>e))]);return i===void 0?Er(t,e.schema,n):(r.length===0?/* @__PURE__ */ new Map:await Y(e,t,r)).size<r.length?{became:`refused`,because:`namespaceDisabled`}:{became:`sent`,now:i.now}}function Tr(e){return B(`events_send`,`WITH ${z}
     INSERT INTO ${e}.events (namespace_id, sent_at, event_uid, event_id, name, key, payload, payload_metadata,
       started, routed)
     SELECT n.namespace_id, now, $3::uuid, $4, $5, $6, $7::bytea, $8, $9, false
     FROM clock, ${e}.namespaces n WHERE n.namespace_id = $2 AND n.enabled
     ON CONFLICT (namespace_id, event_id) DO NOTHING RETURNING sent_at AS now`)}async function Er(e,t,{eventId:n,namespaceId:r}){let[i]=await e.run(B(`events_send_lookup`,`SELECT n.enabled, e.event_uid, e.started FROM ${t}.namespaces n
       LEFT JOIN ${t}.events e ON e.namespace_id = n.namespace_id AND e.event_id = $2
       WHERE n.namespace_id = $1`),[r,n]);if(i===void 0)return{became:`refused`,because:`noNamespace`};if(!i.enabled)return{became:`refused`,because:`namespaceDisabled`};if(i.event_uid!==null)return{became:`found`,eventUid:i.event_uid,started:JSON.parse(i.started??`[]`)}}async function Dr(e,t,n){let{where:r,values:i}=kr(t,n.before),{schema:a}=e;return(await e.run(B(`events_list_${Ar(t,n.before)}`,`SELECT e.*, t.taken, t.takers FROM (
         SELECT * FROM ${a}.events e WHERE ${r}
         ORDER BY e.sent_at DESC, e.event_uid DESC LIMIT $${i.length+1}
       ) e
       CROSS JOIN LATERAL (
         SELECT count(*)::int AS taken, json_agg(run_id ORDER BY run_id) FILTER (WHERE number <= ${te.takersShown}) AS takers
         FROM (
           SELECT i.run_id, row_number() OVER (ORDER BY i.run_id) AS number FROM ${a}.inbox i
           WHERE i.namespace_id = e.namespace_id AND i.event_uid = e.event_uid AND i.event_uid IS NOT NULL
             AND i.taken_seq IS NOT NULL
           ORDER BY i.run_id LIMIT ${te.count}
         ) i
       ) t
       ORDER BY e.sent_at DESC, e.event_uid DESC`),[...i,n.limit])).map(e=>y(e,{takenBy:e.takers??[],takenCount:e.taken}))}async function Or(e,t,n){let{where:r,values:i}=kr(t,void 0);return(await e.run(B(`events_count_${Ar(t,void 0)}`,`SELECT count(*) AS count FROM (
         SELECT FROM ${e.schema}.events e WHERE ${r} LIMIT $${i.length+1}) counted`),[...i,n]))[0]?.count??0}function kr(e,t){let n=[e.namespaceId],r=[`e.namespace_id = $1`],i=(e,t)=>{e!==void 0&&(n.push(e),r.push(t(`$${n.length}`)))};if(i(e.name,e=>`e.name = ${e}`),i(e.sentAfter,e=>`e.sent_at > ${W(`${e}::bigint`)}`),i(e.sentBefore,e=>`e.sent_at < ${W(`${e}::bigint`)}`),t!==void 0){n.push(t.sentAt,t.eventUid);let[e,i]=[`$${n.length-1}`,`$${n.length}`];r.push(`(e.sent_at, e.event_uid) < (${W(`${e}::bigint`)}, ${i}::uuid)`)}return{where:r.join(` AND `),values:n}}function Ar(e,t){return[e.name,e.sentAfter,e.sentBefore,t].map(e=>e===void 0?`0`:`1`).join(``)}async function jr(e,t,n){let{schema:r}=e;return(await e.run(B(`events_expire`,`WITH ${z},
       old AS MATERIALIZED (
         SELECT namespace_id, sent_at, event_uid FROM ${r}.events
         WHERE routed AND sent_at < (SELECT now FROM clock) - ${G(`$2::bigint`)}
         ORDER BY sent_at LIMIT $3 FOR UPDATE SKIP LOCKED
       )
       DELETE FROM ${r}.events e USING old o
       WHERE e.namespace_id = o.namespace_id AND e.sent_at = o.sent_at AND e.event_uid = o.event_uid
       RETURNING e.event_uid`),[e.now(),t,n])).length}async function Mr(e,t,n){let r=await e.run(Nr(e.schema),[t.map(e=>e.namespaceId),t.map(e=>e.runId),t.map(e=>e.afterSeq),n]),i=t.map(()=>({records:[],more:!1}));for(let e of r){let t=i[e.place];t?.records.push(_(e)),t!==void 0&&(t.more=e.seq<e.last_seq)}return i}function Nr(e){return B(`history_read`,`SELECT (p.ordinality - 1)::int AS place, last.seq AS last_seq, ${p(`h`)}
     FROM unnest($1::text[], $2::uuid[], $3::int[]) WITH ORDINALITY AS p(namespace_id, run_id, after_seq)
     CROSS JOIN LATERAL (
       SELECT max(h.seq) AS seq FROM ${e}.history h WHERE h.namespace_id = p.namespace_id AND h.run_id = p.run_id
     ) last
     CROSS JOIN LATERAL (
       SELECT * FROM (
         SELECT h.*, sum(coalesce(octet_length(h.payload), 0) + coalesce(octet_length(h.input), 0)
                         + coalesce(octet_length(h.error), 0)) OVER (ORDER BY h.seq) AS bytes
         FROM ${e}.history h
         WHERE h.namespace_id = p.namespace_id AND h.run_id = p.run_id AND h.seq > p.after_seq
         ORDER BY h.seq LIMIT 1000
       ) sized
       WHERE sized.bytes <= $4 OR sized.seq = p.after_seq + 1
     ) h
     ORDER BY p.ordinality, h.seq`)}async function Pr(e,t,n){return(await e.run(B(`history_latest`,`SELECT ${v(`h`)} FROM ${e.schema}.history h
       WHERE h.namespace_id = $1 AND h.run_id = $2 ORDER BY h.seq DESC LIMIT $3`),[t.namespaceId,t.runId,n])).map(_).toReversed()}var Fr=class{#e;#t;#n;#r;#i;#a=!0;#o=!1;constructor(e,t,n){this.#e=e,this.#t=t,this.#n=n,this.#s()}close(){this.#o=!0,this.#u()}async#s(){try{let e=await this.#e.connect();if(this.#r=e,this.#o||L(e))return this.#u();e.on(`notification`,({payload:e})=>{this.#a=!0,this.#n.onMessage(e??``)}),e.once(`end`,()=>{this.#r===e&&this.#l()}),await e.query(`LISTEN "${this.#t}"`),this.#a=!0,this.#i=setInterval(()=>this.#c(),15e3),this.#i.unref(),this.#n.onGap()}catch{this.#l()}}#c(){if(!this.#a)return this.#l();this.#a=!1,this.#n.probe().catch(()=>{})}#l(){this.#u(),this.#o||(this.#n.onGap(),this.#i=setTimeout(()=>void this.#s(),1e3*(.5+Math.random())),this.#i.unref())}#u(){let e=this.#r;this.#r=void 0,clearTimeout(this.#i),e?.end().catch(()=>{})}},Ir=class{#e;#t;#n=me();#r=/* @__PURE__ */ new Set;#i;constructor(e){this.#e=e,this.#t=`kagzi_${e.schema.replaceAll(`"`,``)}`}listen(e){return this.#r.add(e),this.#i??=new Fr(this.#e,this.#t,{onMessage:e=>this.#s(e),onGap:()=>this.#c([void 0]),probe:()=>this.#o([this.#a([])])}),()=>{this.#r.delete(e)}}async send(e){let t=[];for(let n=0;n<e.length;n+=4)t.push(this.#a(e.slice(n,n+4)));await this.#o(t)}close(){this.#i?.close(),this.#r.clear()}#a(e){return JSON.stringify({from:this.#n,hints:e})}async#o(e){await this.#e.run(B(`hints_send`,`SELECT pg_notify($1, m) FROM unnest($2::text[]) AS m`),[this.#t,e])}#s(e){let{from:t,hints:n}=Lr(e);t!==this.#n&&this.#c(n)}#c(e){for(let t of this.#r)for(let n of e)t(n)}};function Lr(e){try{return{hints:[],...JSON.parse(e)}}catch{return{hints:[void 0]}}}async function Rr(e,t,n){n.length!==0&&await e.run(B(`inbox_lock_runs`,`SELECT FROM ${t}.runs WHERE (namespace_id, run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
       ORDER BY namespace_id, run_id FOR UPDATE`),[n.map(e=>e.namespaceId),n.map(e=>e.runId)])}async function zr(e,t){for(;;)try{return await Br(e,e,t)}catch(e){if(!bt(e))throw e}}async function Br(e,t,r){if(r.length===0)return[];let i=await t.run(Hr(e.schema),[e.now(),...Vr(r)]),a=new Map(i.map(e=>[e.place,e]));return r.map((e,t)=>{let r=a.get(t);return r&&n(r.namespace_id,r)})}function Vr(e){let t=[],n=new V(t),r=e.map(({message:e})=>e);return r.reduce((e,t)=>n.push(t.payload,e),0),[e.map(e=>e.namespaceId),e.map(e=>e.runId),r.map(e=>e.kind),r.map(e=>e.kind===`event`?e.name:``),r.map(e=>e.kind===`event`?e.key??null:null),r.map(e=>e.kind===`event`?e.messageId:e.childRunId),r.map(e=>e.kind===`child`?e.childRunId:null),n.offsets,n.lengths,r.map(e=>C(e.payload)),r.map(e=>g(e.error)),Buffer.concat(t)]}function Hr(e){return B(`inbox_send`,`WITH ${z},
     message AS MATERIALIZED (
       SELECT m.*, (ordinality - 1)::int AS place
       FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[],
                   $10::int[], $11::text[], $12::text[]) WITH ORDINALITY
         AS m(namespace_id, run_id, kind, name, key, message_id, child_run_id, payload_offset, payload_length,
              payload_metadata, error)
     ),
     addressee AS MATERIALIZED (
       SELECT r.* FROM ${e}.runs r
       WHERE (r.namespace_id, r.run_id) IN (SELECT m.namespace_id, m.run_id FROM message m) AND r.finished_at IS NULL
       ORDER BY r.namespace_id, r.run_id FOR UPDATE
     ),
     fresh AS MATERIALIZED (
       SELECT m.*, (a.signals + row_number() OVER (PARTITION BY m.namespace_id, m.run_id ORDER BY m.place))::int AS position
       FROM message m JOIN addressee a USING (namespace_id, run_id)
       WHERE NOT EXISTS (SELECT FROM ${e}.inbox i WHERE i.namespace_id = m.namespace_id
         AND i.run_id = m.run_id AND i.message_id = m.message_id)
     ),
     touched AS (
       UPDATE ${e}.runs r SET signals = f.last,
         status = CASE r.status WHEN 'waiting' THEN 'pending' ELSE r.status END,
         available_at = CASE r.status WHEN 'waiting' THEN now ELSE r.available_at END
       FROM clock, (SELECT namespace_id, run_id, max(position) AS last FROM fresh GROUP BY namespace_id, run_id) f
       WHERE r.namespace_id = f.namespace_id AND r.run_id = f.run_id
       RETURNING r.namespace_id, r.run_id, r.status
     ),
     put AS (
       INSERT INTO ${e}.inbox (namespace_id, run_id, position, kind, name, key, message_id, child_run_id,
         payload, payload_metadata, error, received_at)
       SELECT namespace_id, run_id, position, kind, name, key, message_id, child_run_id,
         ${H(`$13::bytea`,`payload_offset`,`payload_length`)}, payload_metadata, error, now
       FROM fresh, clock
     )
     SELECT m.place, a.namespace_id, a.run_id, a.task_queue, a.workflow_type, a.version, a.worker_id,
       coalesce(t.status, a.status) AS status
     FROM message m JOIN addressee a USING (namespace_id, run_id)
     LEFT JOIN touched t USING (namespace_id, run_id)`)}async function Ur(e,t,n){return(await e.run(B(`inbox_knows`,`SELECT FROM ${e.schema}.inbox WHERE namespace_id = $1 AND run_id = $2 AND message_id = $3`),[t.namespaceId,t.runId,n])).length===1}async function Wr(e,t,n,r){let i=await e.run(Gr(t),[n.map(e=>e.namespaceId),n.map(e=>e.runId),n.map(e=>e.after),r]),o=n.map(()=>({messages:[],more:!1}));for(let e of i){let t=o[e.place];t?.messages.push(a(e)),t!==void 0&&(t.more=t.messages.length<e.found)}return o}function Gr(e){return B(`inbox_read`,`SELECT (p.ordinality - 1)::int AS place, i.found, ${u(`i`)}
     FROM unnest($1::text[], $2::uuid[], $3::int[]) WITH ORDINALITY AS p(namespace_id, run_id, after)
     CROSS JOIN LATERAL (
       SELECT * FROM (
         SELECT i.*, count(*) OVER ()::int AS found, row_number() OVER (ORDER BY i.position) AS number,
           sum(coalesce(octet_length(i.payload), 0) + coalesce(octet_length(i.error), 0)) OVER (ORDER BY i.position) AS bytes
         FROM (
           SELECT * FROM ${e}.inbox i
           WHERE i.namespace_id = p.namespace_id AND i.run_id = p.run_id AND i.position > p.after AND i.taken_seq IS NULL
           ORDER BY i.position LIMIT 1001
         ) i
       ) sized
       WHERE sized.number = 1 OR (sized.bytes <= $4 AND sized.number <= 1000)
     ) i
     ORDER BY p.ordinality, i.position`)}async function Kr(e,t,n,r){return e.transaction(async i=>{let a=await i.run(qr(e.schema),[t,n]);if(a.length===0)return[];let o=a.map(e=>({namespaceId:t,runId:e.run_id,after:e.after})),s=await Wr(i,e.schema,o,r);return a.map((e,n)=>({namespaceId:t,runId:e.run_id,epoch:e.epoch,workerId:e.worker_id,signals:e.signals,...s[n]??{messages:[],more:!1},...e.cancel_error!==null&&{cancelError:m(e.cancel_error)},...e.pause_error!==null&&{pauseError:m(e.pause_error)}}))})}function qr(e){return B(`inbox_hear`,`WITH unheard AS MATERIALIZED (
       SELECT r.run_id, r.signals_heard FROM ${e}.runs r
       WHERE r.namespace_id = $1 AND r.worker_id = ANY($2::uuid[]) AND r.claimed_at IS NOT NULL
         AND r.signals > r.signals_heard
       ORDER BY r.run_id LIMIT 1000 FOR UPDATE SKIP LOCKED
     )
     UPDATE ${e}.runs r SET signals_heard = r.signals FROM unheard u
     WHERE r.namespace_id = $1 AND r.run_id = u.run_id
     RETURNING r.run_id, r.epoch, r.worker_id, r.signals, r.cancel_error, r.pause_error,
       u.signals_heard AS after`)}const Jr=e=>`
         status = CASE WHEN r.pause_error IS NULL THEN 'pending' ELSE 'paused' END,
         available_at = CASE WHEN r.pause_error IS NULL THEN now + ${e} END`,Yr=Jr(`interval '0'`);async function Xr(e,t,n,r){let i=await e.run(Zr(e.schema),[e.now(),t.namespaceId,t.workerId,n,r.activeCount,r.totalCompleted,r.totalFailed]),[a]=i;if(a!==void 0)return{now:a.now,status:a.status,granted:i.flatMap(e=>e.run_id===null?[]:[{runId:e.run_id,epoch:e.epoch,claimedAt:e.claimed_at,cancelling:e.cancelling}])}}function Zr(e){return B(`leases_heartbeat`,`WITH ${z},
     renewed AS (
       UPDATE ${e}.workers SET
         status = CASE status WHEN 'offline' THEN 'online' ELSE status END,
         active_count = $5, total_completed = $6, total_failed = $7,
         last_heartbeat_at = now, lease_expires_at = now + ${G(`$4::bigint`)}
       FROM clock WHERE namespace_id = $2 AND worker_id = $3
       RETURNING status
     )
     SELECT now, w.status, r.run_id, r.epoch, r.claimed_at, r.cancel_error IS NOT NULL AS cancelling
     FROM clock, renewed w
     -- By the values themselves: by those of the worker's row it might read what all workers hold.
     LEFT JOIN ${e}.runs r ON r.namespace_id = $2 AND r.worker_id = $3 AND r.status = 'running'`)}async function Qr(e,t,n){await e.run(B(`leases_release`,`WITH ${z},
       held AS MATERIALIZED (
         SELECT r.run_id FROM unnest($3::uuid[], $4::int[]) AS l(run_id, epoch)
         JOIN ${e.schema}.runs r ON r.namespace_id = $2 AND r.run_id = l.run_id AND r.epoch = l.epoch
         WHERE r.status = 'running' ORDER BY r.run_id FOR UPDATE OF r
       )
       UPDATE ${e.schema}.runs r
       SET ${Yr}, claimed_at = NULL, crashes = 0
       FROM held, clock WHERE r.namespace_id = $2 AND r.run_id = held.run_id`),[e.now(),t,n.map(e=>e.runId),n.map(e=>e.epoch)])}async function $r(e,t,n){await e.run(B(`leases_excuse`,`WITH excused AS MATERIALIZED (
         SELECT r.run_id, r.epoch - l.epoch AS later FROM unnest($2::uuid[], $3::int[]) AS l(run_id, epoch)
         JOIN ${e.schema}.runs r ON r.namespace_id = $1 AND r.run_id = l.run_id AND r.epoch >= l.epoch
         WHERE r.finished_at IS NULL AND r.crashes > r.epoch - l.epoch AND (r.status <> 'running' OR r.epoch > l.epoch)
         ORDER BY r.run_id FOR UPDATE OF r
       )
       UPDATE ${e.schema}.runs r SET crashes = least(r.crashes, excused.later)
       FROM excused WHERE r.namespace_id = $1 AND r.run_id = excused.run_id`),[t,n.map(e=>e.runId),n.map(e=>e.epoch)])}async function ei(e,t,n){return(await e.run(B(`leases_deregister`,`WITH ${z},
       gone AS (
         -- Past, not now: nothing more is leased to it within this very millisecond.
         UPDATE ${e.schema}.workers
         SET status = 'offline', active_count = 0, lease_expires_at = now - interval '1 millisecond'
         FROM clock WHERE namespace_id = $2 AND worker_id = $3 RETURNING worker_id
       ),
       held AS MATERIALIZED (
         SELECT run_id FROM ${e.schema}.runs
         WHERE namespace_id = $2 AND worker_id = $3 AND status = 'running' ORDER BY run_id FOR UPDATE
       ),
       released AS (
         UPDATE ${e.schema}.runs r
         SET ${Yr}, claimed_at = NULL, crashes = 0
         FROM held, clock WHERE r.namespace_id = $2 AND r.run_id = held.run_id
       )
       SELECT worker_id FROM gone`),[e.now(),t,n])).length===1}async function ti(e,t){return(await e.run(B(`leases_lapsed`,`WITH ${z}
       SELECT r.namespace_id, r.run_id, r.epoch, r.crashes, r.claimed_seq < (
         SELECT max(h.seq) FROM ${e.schema}.history h
         WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id) AS progressed
       FROM ${e.schema}.workers w
       -- The limit within keeps it from beginning with what all workers hold.
       CROSS JOIN LATERAL (
         SELECT * FROM ${e.schema}.runs r
         WHERE r.namespace_id = w.namespace_id AND r.worker_id = w.worker_id AND r.status = 'running' LIMIT $2
       ) r
       WHERE w.lease_expires_at < (SELECT now FROM clock)
       LIMIT $2`),[e.now(),t])).map(e=>({namespaceId:e.namespace_id,runId:e.run_id,epoch:e.epoch,crashes:e.crashes,progressed:e.progressed}))}async function ni(e,t){return e.transaction(async n=>{let r=await ri(n,e,t.map(({lease:e})=>e)),i=t.filter(({lease:e})=>r.has(`${e.namespaceId}/${e.runId}`));return await ii(n,e,i),i.map(({lease:e})=>e.runId)})}async function ri(e,t,n){let r=await e.run(B(`leases_lock_lapsed`,`WITH ${z}
       SELECT r.namespace_id, r.run_id FROM unnest($2::text[], $3::uuid[], $4::int[]) AS l(namespace_id, run_id, epoch)
       JOIN ${t.schema}.runs r
         ON r.namespace_id = l.namespace_id AND r.run_id = l.run_id AND r.epoch = l.epoch AND r.status = 'running'
       JOIN ${t.schema}.workers w ON w.namespace_id = r.namespace_id AND w.worker_id = r.worker_id
       WHERE w.lease_expires_at < (SELECT now FROM clock)
       ORDER BY r.namespace_id, r.run_id FOR UPDATE OF r SKIP LOCKED`),[t.now(),n.map(e=>e.namespaceId),n.map(e=>e.runId),n.map(e=>e.epoch)]);return new Set(r.map(e=>`${e.namespace_id}/${e.run_id}`))}async function ii(e,t,n){let r=n.map(({lease:e,takeover:t})=>({...e,...t}));r.length!==0&&await e.run(B(`leases_to_pending`,`WITH ${z}
       UPDATE ${t.schema}.runs r SET ${Jr(G(`t.after_ms`))}, claimed_at = NULL, crashes = t.crashes
       FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::int[]) AS t(namespace_id, run_id, after_ms, crashes), clock
       WHERE r.namespace_id = t.namespace_id AND r.run_id = t.run_id`),[t.now(),r.map(e=>e.namespaceId),r.map(e=>e.runId),r.map(e=>e.afterMs),r.map(e=>e.crashes)])}async function ai(e,t){await e.run(B(`leases_sweep`,`WITH ${z},
       forgotten AS (
         DELETE FROM ${e.schema}.workers w
         WHERE w.status = 'offline' AND w.last_heartbeat_at < (SELECT now FROM clock) - ${G(`$2::bigint`)}
           AND ${oi(e.schema)}
       )
       UPDATE ${e.schema}.workers w SET status = 'offline', active_count = 0
       WHERE w.status <> 'offline' AND w.lease_expires_at < (SELECT now FROM clock)
         AND ${oi(e.schema)}`),[e.now(),t])}function oi(e){return`(SELECT r.run_id FROM ${e}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.worker_id = w.worker_id AND r.status = 'running' LIMIT 1) IS NULL`}async function si(e,t,n){let{schema:r}=e,i=n.toSorted((e,t)=>e.workflowType<t.workflowType?-1:1),a=i.map(({workflowType:e})=>e),o=i.map(e=>g(e.declared)),s=B(`limits_declare`,`INSERT INTO ${r}.workflow_limits AS l (namespace_id, workflow_type, declared)
     SELECT $1, d.workflow_type, d.declared FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS d(workflow_type, declared)
     ORDER BY d.ordinality
     ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET declared = excluded.declared
     WHERE l.declared IS DISTINCT FROM excluded.declared`);await e.transaction(async n=>{await n.run(s,[t,a,o]),await n.run(sr(r),[e.now(),t,a]),await n.run(ci(r),[t,a])})}function ci(e){return B(`limits_forget`,`DELETE FROM ${e}.workflow_limits l
     WHERE l.namespace_id = $1 AND l.workflow_type = ANY($2::text[]) AND l.declared IS NULL AND l.override IS NULL
       AND NOT EXISTS (SELECT FROM ${e}.lanes w
         WHERE w.namespace_id = l.namespace_id AND w.workflow_type = l.workflow_type)`)}async function li(e,t,n,r){let{schema:i}=e,a=B(`limits_override`,`INSERT INTO ${i}.workflow_limits (namespace_id, workflow_type, override) VALUES ($1, $2, $3)
     ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET override = excluded.override`);await e.transaction(async o=>{await o.run(a,[t,n,g(r)]),await o.run(sr(i),[e.now(),t,[n]]),await o.run(ci(i),[t,[n]])})}async function ui(e,t,n){return(await e.run(B(`limits_get`,`SELECT workflow_type, declared, override FROM ${e.schema}.workflow_limits
       WHERE namespace_id = $1 AND workflow_type = ANY($2::text[]) ORDER BY workflow_type`),[t,n])).map(l)}async function di(e,t,n,r){let{schema:i}=e,a=await e.run(B(`limits_keys`,`WITH going AS MATERIALIZED (
         SELECT r.limit_key AS key, count(*)::int AS running FROM ${i}.runs r
         WHERE r.namespace_id = $1 AND r.workflow_type = $2 AND r.claimed_at IS NOT NULL AND r.limit_key IS NOT NULL
         GROUP BY r.limit_key ORDER BY 2 DESC, 1 LIMIT $3
       ),
       waiting AS (
         SELECT DISTINCT l.limit_key AS key FROM (
           SELECT limit_key FROM ${i}.lanes WHERE namespace_id = $1 AND workflow_type = $2 LIMIT 2 * $3) l
       )
       SELECT key, coalesce(g.running, 0) AS running FROM going g FULL JOIN waiting USING (key)
       ORDER BY 2 DESC, 1 LIMIT $3`),[t,n,r]),o=await e.run(B(`limits_waiting`,`SELECT (SELECT count(*)::int FROM (
         SELECT FROM ${i}.runs r
         WHERE r.namespace_id = $1 AND r.lane >= k.lanes AND r.lane < k.lanes || chr(1114111) AND r.available_at IS NOT NULL
         LIMIT 1000) w) AS waiting
       FROM unnest($2::text[]) WITH ORDINALITY AS k(lanes, place) ORDER BY k.place`),[t,a.map(({key:e})=>ie(n,e))]);return a.map(({key:e,running:t},n)=>({key:e,running:t,waiting:o[n]?.waiting??0}))}async function fi(e,t,n){let r=await e.run(B(t.key===void 0?`limits_places`:`limits_places_of_key`,`SELECT r.run_id, count(*) OVER ()::int AS running FROM ${e.schema}.runs r
       WHERE r.namespace_id = $1 AND r.workflow_type = $2 AND ${t.key===void 0?`$3::text IS NULL`:`r.limit_key = $3`}
         AND r.claimed_at IS NOT NULL AND r.limit_key IS NOT NULL
       ORDER BY r.run_id LIMIT $4`),[t.namespaceId,t.workflowType,t.key??null,n]);return{running:r[0]?.running??0,holders:r.map(e=>e.run_id)}}async function pi(e,t,{limit:n,perMs:r}){let i=[e.now(),t.namespaceId,t.workflowType,[t.key],r,n],[a]=await e.run(ir(e.schema),i),o=a?.until??null;return{begun:a?.begun??0,...o!==null&&{until:o}}}async function mi(e,t,n){let[r]=await e.run(B(`namespaces_create`,`WITH ${z}
       INSERT INTO ${e.schema}.namespaces SELECT $2, $3, true, now, now FROM clock
       ON CONFLICT DO NOTHING RETURNING *`),[e.now(),t,n]);return r&&c(r)}async function hi(e,t){let[n]=await e.run(B(`namespaces_get`,`SELECT * FROM ${e.schema}.namespaces WHERE namespace_id = $1`),[t]);return n&&c(n)}async function gi(e,t){return(await e.run(B(`namespaces_list`,`SELECT * FROM ${e.schema}.namespaces WHERE namespace_id > $1 ORDER BY namespace_id LIMIT $2`),[t.after??``,t.limit])).map(c)}async function _i(e,t,n){let[r]=await e.run(B(`namespaces_update`,`WITH ${z}
       UPDATE ${e.schema}.namespaces
       SET description = coalesce($3, description), enabled = coalesce($4, enabled),
         retention_ms = CASE WHEN $5::boolean THEN $6::bigint ELSE retention_ms END, updated_at = now
       FROM clock WHERE namespace_id = $2 RETURNING namespaces.*`),[e.now(),t,n.description??null,n.enabled??null,n.retentionMs!==void 0,n.retentionMs??null]);return r&&c(r)}const vi={fsync:`a crash of the computer can lose what was acknowledged, or the whole database`,full_page_writes:`a crash of the computer can leave pages half written, and with them what was acknowledged`};async function yi(e){let t=(await e.run(B(`risks`,`SELECT name FROM pg_settings WHERE name = ANY($1::text[]) AND setting = 'off' ORDER BY name`),[Object.keys(vi)])).map(({name:e})=>`PostgreSQL runs with ${e} = off: ${vi[e]}; set it to on`);return await bi(e)?[...t,`PostgreSQL is reached through a connection pooler: statements are not kept prepared, and this server hears of what others do by looking once a second; for more speed connect it directly`]:t}async function bi(e){let t=await e.connect();try{return L(t)}finally{await t.end().catch(()=>{})}}const xi=[`pending`,`running`,`sleeping`,`waiting`,`paused`];async function Si(e,t,n){return(await e.run(Ci(e.schema),[e.now(),t,xi,n])).map(e=>({namespaceId:e.namespace_id,workflowType:e.workflow_type,status:e.status,count:e.count,ready:e.ready,oldestReadyMs:Math.max(0,e.oldest_ms??0)}))}function Ci(e){return B(`runs_backlog`,`WITH ${z}
     SELECT n.namespace_id, r.workflow_type, s.status, count(*) AS count,
       count(*) FILTER (WHERE r.available_at <= now) AS ready,
       floor(extract(epoch FROM now - min(r.available_at)) * 1000)::bigint AS oldest_ms
     FROM clock, unnest($2::text[]) AS n(namespace_id) CROSS JOIN unnest($3::text[]) AS s(status)
     CROSS JOIN LATERAL (
       SELECT r.workflow_type, r.available_at FROM ${e}.runs r
       WHERE r.namespace_id = n.namespace_id AND r.status = s.status AND r.status <> 'completed'
       ORDER BY r.run_id LIMIT $4
     ) r
     GROUP BY n.namespace_id, r.workflow_type, s.status, now`)}async function wi(e,t){let{schema:n}=e,r=e.now();return e.transaction(async i=>{let a=await Ti(i,e,t);if(a===void 0)return;let o={runner:i,schema:n,now:r,request:t,limits:a.limits};await Di(o,a.due);let s=await Oi(o),c=s.quotas.size===0?[]:await Ai(o,s.quotas),{candidates:l,overdue:u}=Wn(c),d=l.length===0?[]:t.assign(l),{namespaceId:f}=t,p=await Un(i,e,{ready:c,assignments:d,namespaceId:f});await ji(o,s);let m=a.due.length===500||c.length>0,{version:h,workflowType:g}=t.wanted,_=m?void 0:await Mi(o);return{now:a.now,claimed:p,refused:w(d,p),overdue:u,more:m?[{workflowType:g,version:h}]:[],..._!==void 0&&{nextAt:_}}})}async function Ti(e,t,n){let r=[{...n.wanted,limit:500}],i=[t.now(),...Kn({...n,wanted:r})],a=await e.run(er(t.schema),i),[o]=a;if(o===void 0)return;let s=a.filter(e=>e.run_id!==null);return{now:o.now,limits:le(l(o)),due:s}}function Ei({now:e,request:{namespaceId:t,taskQueue:n,wanted:r}}){return[e,t,n,r.workflowType,r.version]}async function Di(e,t){if(t.length===0)return;let{limits:n,request:r,runner:a,schema:o}=e,s=t.map(e=>e.limit_key===null?r.keysOf(n,i(e.payload,e.payload_metadata)):{limitKey:e.limit_key,...e.throttle_key!==null&&{throttleKey:e.throttle_key}}),c={...r.wanted,taskQueue:r.taskQueue};await a.run(tr(o),[...Ei(e),t.map(e=>e.run_id),s.map(e=>e.limitKey),s.map(e=>e.throttleKey??null),s.map((e,n)=>se({...e,...c},t[n]?.has_begun===!0)),s.map((e,n)=>t[n]?.has_begun===!0?null:e.throttleKey??null),t.map(e=>e.priority)])}async function Oi(e){let{limits:t,request:n,runner:r,schema:i}=e,{perKey:a}=fe(t),o=await r.run(rr(i),[...Ei(e),n.wanted.limit,Number.isFinite(a)?a:null]),s=o.toSorted((e,t)=>t.priority-e.priority||e.ready_at-t.ready_at).map(e=>({lane:e.lane,limitKey:e.limit_key,...e.throttle_key!==null&&{throttleKey:e.throttle_key}})),c=await ki(e,s);return{lanes:s,quotas:oe(t,s,{wanted:n.wanted.limit,running:o[0]?.total??0,runningOf:new Map(o.map(e=>[e.limit_key,e.running])),begunOf:new Map([...c].map(([e,t])=>[e,t.begun]))}),heldUntil:new Map([...c].flatMap(([e,t])=>t.until===null?[]:[[e,t.until]]))}}async function ki(e,t){let{throttle:n}=e.limits,r=[...new Set(t.flatMap(({throttleKey:e})=>e??[]))];if(n===void 0||r.length===0)return/* @__PURE__ */ new Map;let{now:i,request:a,runner:o,schema:s}=e,c=[i,a.namespaceId,a.wanted.workflowType,r,n.perMs,n.limit],l=await o.run(ir(s),c);return new Map(l.map(e=>[e.key,{...e,until:e.begun<n.limit?null:e.until}]))}async function Ai({now:e,request:t,runner:n,schema:r},i){let a=[e,t.namespaceId,[...i.keys()],[...i.values()]];return n.run(ar(r),a)}async function ji(e,{heldUntil:t,lanes:n,quotas:r}){let i=({lane:e,throttleKey:n})=>r.has(e)?void 0:t.get(n??`-`),a=n.filter(e=>r.has(e.lane)||i(e)!==void 0);if(a.length===0)return;let o=a.map(e=>i(e));await e.runner.run(or(e.schema),[e.now,e.request.namespaceId,a.map(({lane:e})=>e),o.map(e=>e===void 0?null:new Date(e).toISOString())])}async function Mi(e){let{limits:t,now:n,request:r,runner:i,schema:a}=e,o=await Zn(i,a,n,{...r,wanted:[r.wanted]}),s=t.throttle===void 0?[]:await i.run(cr(a),Ei(e)),c=[o.at,s[0]?.at??null].flatMap(e=>e??[]);return c.length===0?void 0:Math.min(...c)}async function Ni(e,t){let n=await e.run(Fi(e.schema),[t.map(e=>e.namespaceId),t.map(e=>e.runId)]),r=new Map(n.map(e=>[`${e.namespace_id}/${e.run_id}`,Pi(e)]));return t.map(e=>r.get(`${e.namespaceId}/${e.runId}`))}function Pi(e){let t=i(e.input,e.input_metadata),n=i(e.output,e.output_metadata),r=i(e.progress,e.progress_metadata);return{run:d(e),...t!==void 0&&{input:t},...n!==void 0&&{output:n},...e.error!==null&&{error:m(e.error)},...e.continued_as!==null&&{continuedAs:e.continued_as},...r!==void 0&&{progress:r},...e.activity!==null&&{activity:JSON.parse(e.activity)}}}function Fi(e){return B(`runs_get`,`SELECT ${r(`r`)}, first.payload AS input, first.payload_metadata AS input_metadata,
       last.payload AS output, last.payload_metadata AS output_metadata, last.error,
       last.child_run_id AS continued_as, p.payload AS progress, p.payload_metadata AS progress_metadata, p.activity
     FROM unnest($1::text[], $2::uuid[]) AS w(namespace_id, run_id)
     JOIN ${e}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
     LEFT JOIN ${e}.history first
       ON first.namespace_id = r.namespace_id AND first.run_id = r.run_id AND first.seq = 1
     LEFT JOIN LATERAL (
       SELECT * FROM ${e}.history h
       WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id ORDER BY h.seq DESC LIMIT 1
     ) last ON r.finished_at IS NOT NULL
     LEFT JOIN ${e}.run_progress p ON p.namespace_id = r.namespace_id AND p.run_id = r.run_id`)}async function Ii(e,t,n){let[r]=await e.run(B(`runs_find`,`SELECT run_id FROM ${e.schema}.run_keys WHERE namespace_id = $1 AND external_id = $2`),[t,n]);return r?.run_id}async function Li(e,t){return(await e.run(B(`runs_ended`,`SELECT w.run_id FROM unnest($1::text[], $2::uuid[]) AS w(namespace_id, run_id)
       WHERE NOT EXISTS (SELECT FROM ${e.schema}.runs r
         WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.finished_at IS NULL)`),[t.map(e=>e.namespaceId),t.map(e=>e.runId)])).map(e=>e.run_id)}async function Ri(e,t){return(await e.run(B(`runs_overdue`,`WITH ${z}
       SELECT namespace_id, run_id FROM ${e.schema}.runs
       WHERE deadline_at IS NOT NULL AND finished_at IS NULL AND deadline_at <= (SELECT now FROM clock)
       ORDER BY deadline_at LIMIT $2`),[e.now(),t])).map(e=>({namespaceId:e.namespace_id,runId:e.run_id}))}async function zi(e,t,n){let{where:i,values:a}=Hi(t,n.before);return(await e.run(B(`runs_list_${Ui(t,n.before)}`,`SELECT ${r(`r`)} FROM ${e.schema}.runs r
       WHERE ${i} ORDER BY r.run_id DESC LIMIT $${a.length+1}`),[...a,n.limit])).map(d)}async function Bi(e,t,n){let{where:r,values:i}=Hi(t,void 0);return(await e.run(B(`runs_count_${Ui(t,void 0)}`,`SELECT count(*) AS count FROM (
         SELECT FROM ${e.schema}.runs r WHERE ${r} LIMIT $${i.length+1}) counted`),[...i,n]))[0]?.count??0}async function Vi(e,t,n){let{schema:r}=e;return(await e.run(B(`runs_ahead`,`WITH clock AS (SELECT coalesce($1::timestamptz, date_trunc('milliseconds', statement_timestamp())) AS now)
       SELECT count(*) AS count FROM (
         SELECT FROM ${r}.runs w CROSS JOIN LATERAL (${q(r)}
           SELECT FROM level l CROSS JOIN LATERAL (
             SELECT FROM ${r}.runs r
             WHERE r.namespace_id = $2 AND r.task_queue = $3 AND r.workflow_type = w.workflow_type
             AND r.version = w.version AND r.available_at IS NOT NULL AND r.lane IS NULL AND r.priority = l.priority AND r.available_at <
               CASE WHEN l.priority = w.priority THEN w.available_at ELSE (SELECT now + interval '1 microsecond' FROM clock) END
             LIMIT $5
           ) ready
           WHERE l.priority >= w.priority
         ) ahead
         WHERE w.namespace_id = $2 AND w.run_id = $4 LIMIT $5
       ) counted`),[e.now(),t.namespaceId,t.taskQueue,t.runId,n]))[0]?.count??0}function Hi(e,t){let n=[e.namespaceId],r=[`r.namespace_id = $1`],i=(e,t)=>{e!==void 0&&(n.push(e),r.push(t(`$${n.length}`)))},[a,...o]=e.statuses;return o.length===0?i(a,e=>`r.status = ${e}`):i(e.statuses,e=>`r.status = ANY(${e}::text[])`),e.statuses.length>0&&!e.statuses.includes(`completed`)&&r.push(`r.status <> 'completed'`),i(e.workflowType,e=>`r.workflow_type = ${e}`),i(e.createdAfter,e=>`r.created_at > ${W(`${e}::bigint`)}`),i(e.createdBefore,e=>`r.created_at < ${W(`${e}::bigint`)}`),i(e.parentRunId,e=>`r.parent_run_id = ${e}::uuid`),i(t,e=>`r.run_id < ${e}::uuid`),{where:r.join(` AND `),values:n}}function Ui(e,t){let n=Math.min(e.statuses.length,2),r=e.statuses.includes(`completed`),i=[e.workflowType,e.createdAfter,e.createdBefore,e.parentRunId,t];return`${n}${r?`c`:``}${i.map(e=>e===void 0?`0`:`1`).join(``)}`}function Wi(e){return`SELECT l.virtualtransaction FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = '${e}.history'::regclass AND l.mode = 'RowExclusiveLock'
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
           AND l.granted AND l.pid <> pg_backend_pid()`}async function Gi(e,t){let n=performance.now()+2e4;for(let r=1;t.length>0;r=Math.min(r*2,100)){let[i]=await e.run(B(`history_writers`,`SELECT FROM (${Wi(e.schema)}) w WHERE w.virtualtransaction = ANY($1::text[])`),[t]);if(i===void 0)return;if(performance.now()>n)throw Ki();await new Promise(e=>setTimeout(e,r))}}function Ki(){return new T(`UNAVAILABLE`,`a transaction that writes to histories goes on and on: try again later`)}async function qi(e,t,n){return e.transaction(async r=>{let i=await Y(e,r,[t]);if(i.has(X(t))){let i=[n.namespaceId,n.runId,t.runId,n.beforeSeq];await r.run(Ji(e.schema),i),await r.run(Yi(e.schema),[t.namespaceId,t.runId,n.runId])}let[a]=await Z(r,e.schema,[t],i);return a??{became:`refused`,because:`noNamespace`}})}function Ji(e){return B(`runs_rerun_copy`,`INSERT INTO ${e}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id)
     SELECT namespace_id, $3, row_number() OVER (ORDER BY seq) + 1, 0, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id
     FROM ${e}.history h
     WHERE namespace_id = $1 AND run_id = $2 AND seq > 1 AND seq < $4
       AND CASE kind WHEN 'run' THEN type = 'retrying' ELSE EXISTS (
         SELECT FROM ${e}.history e
         WHERE e.namespace_id = $1 AND e.run_id = $2 AND e.seq >= h.seq AND e.seq < $4
           AND e.kind = h.kind AND e.name = h.name AND e.occurrence = h.occurrence
           AND e.type IN ('completed', 'failed', 'cancelled')) END`)}function Yi(e){return B(`runs_rerun_origin`,`UPDATE ${e}.runs SET rerun_of = $3 WHERE namespace_id = $1 AND run_id = $2`)}async function Xi(e,t,n){return(await e.run(B(`runs_unblock`,`WITH ${z},
       blocked AS MATERIALIZED (
         SELECT r.run_id FROM ${e.schema}.runs r
         WHERE r.namespace_id = $2 AND r.status = 'paused' AND r.status <> 'completed'
           AND (r.workflow_type, r.version) IN (SELECT * FROM unnest($3::text[], $4::text[]))
           AND r.pause_error::jsonb ->> 'code' = 'NONDETERMINISM'
         ORDER BY r.run_id FOR UPDATE SKIP LOCKED
       )
       UPDATE ${e.schema}.runs r SET status = 'pending', available_at = now, pause_error = NULL
       FROM blocked b, clock WHERE r.namespace_id = $2 AND r.run_id = b.run_id RETURNING r.run_id`),[e.now(),t,n.map(e=>e.workflowType),n.map(e=>e.version)])).length}async function Zi(e,t){let n=[];for(let r=t;r.length>0;){let{ended:t,writers:i}=await ea(e,r);await Gi(e,i);let a=t.length===0?[]:await ta(e,t);n.push(...a.map(({run_id:e})=>e));let o=new Set(a.map(Qi));r=t.filter(e=>!o.has(Qi(e))).map($i)}return n}function Qi({namespace_id:e,run_id:t}){return`${e}/${t}`}function $i({namespace_id:e,run_id:t}){return{namespaceId:e,runId:t}}async function ea(e,t){let n=await e.run(B(`runs_delete_find`,`SELECT r.namespace_id, r.run_id, r.xmin::text AS version, ARRAY(${Wi(e.schema)}) AS writers
       FROM ${e.schema}.runs r
       WHERE (r.namespace_id, r.run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) AND r.finished_at IS NOT NULL
       ORDER BY r.namespace_id, r.run_id`),[t.map(e=>e.namespaceId),t.map(e=>e.runId)]);return{ended:n,writers:n[0]?.writers??[]}}async function ta(e,t){return e.run(na(e.schema),[t.map(e=>e.namespace_id),t.map(e=>e.run_id),t.map(e=>e.version)])}function na(e){return B(`runs_delete`,`WITH gone AS (
       DELETE FROM ${e}.runs r
       USING unnest($1::text[], $2::uuid[], $3::text[]) AS e(namespace_id, run_id, version)
       WHERE r.namespace_id = e.namespace_id AND r.run_id = e.run_id AND r.xmin::text = e.version
       RETURNING r.namespace_id, r.run_id, r.external_id
     ),
     keys AS (
       DELETE FROM ${e}.run_keys k USING gone g
       WHERE k.namespace_id = g.namespace_id AND k.external_id = g.external_id AND k.run_id = g.run_id
     ),
     messages AS (
       DELETE FROM ${e}.inbox i USING gone g WHERE i.namespace_id = g.namespace_id AND i.run_id = g.run_id
     ),
     waits AS (
       DELETE FROM ${e}.event_waits w USING gone g WHERE w.namespace_id = g.namespace_id AND w.run_id = g.run_id
     ),
     progress AS (
       DELETE FROM ${e}.run_progress p USING gone g WHERE p.namespace_id = g.namespace_id AND p.run_id = g.run_id
     ),
     records AS (
       DELETE FROM ${e}.history h USING gone g WHERE h.namespace_id = g.namespace_id AND h.run_id = g.run_id
     )
     SELECT namespace_id, run_id FROM gone`)}async function ra(e,t){return(await e.run(B(`runs_closing`,`SELECT namespace_id, run_id FROM ${e.schema}.runs WHERE closing LIMIT $1`),[t])).map(e=>({namespaceId:e.namespace_id,runId:e.run_id}))}async function ia(e,t,n){return(await e.run(B(`runs_children`,`SELECT run_id FROM ${e.schema}.runs WHERE namespace_id = $1 AND parent_run_id = $2
         AND awaited AND finished_at IS NULL AND cancel_error IS NULL ORDER BY run_id LIMIT $3`),[t.namespaceId,t.runId,n])).map(e=>({namespaceId:t.namespaceId,runId:e.run_id}))}async function aa(e,t){await e.run(B(`runs_closed`,`UPDATE ${e.schema}.runs SET closing = false WHERE namespace_id = $1 AND run_id = $2`),[t.namespaceId,t.runId])}async function oa(e,t,n){for(;;)try{return await e.transaction(r=>sa(e,r,t,n))}catch(e){if(!bt(e))throw e}}async function sa(e,t,n,r){let i=await ca(e,t,n);if(i===void 0)return;let{now:a,run:o}=i,s=r(o);if(s===void 0)return{before:o,after:o,now:a};let c=new Date(a).toISOString(),l=await la(e,t,{run:o,change:s,at:c});s.record!==void 0&&await da(e,t,{run:n,record:s.record,at:c}),await zn(e,t,o,s);let u=await fa(e,t,l,s);return{before:o,after:l,now:a,...u!==void 0&&{told:u}}}async function ca(e,t,{namespaceId:n,runId:i}){let a=(await t.run(B(`runs_operate_lock`,`WITH ${z}
       SELECT ${r(`r`)}, (SELECT now FROM clock) AS now FROM ${e.schema}.runs r
       WHERE r.namespace_id = $2 AND r.run_id IN ($3, (
         SELECT p.parent_run_id FROM ${e.schema}.runs p
         WHERE p.namespace_id = $2 AND p.run_id = $3 AND p.awaited))
       ORDER BY r.run_id FOR UPDATE`),[e.now(),n,i])).find(e=>e.run_id===i);return a&&{now:a.now,run:d(a)}}async function la(e,t,{at:n,change:r,run:i}){let{deadline:a}=r;return(await t.run(ua(e.schema),[n,i.namespaceId,i.runId,r.status,r.ready===!0,r.attempt,g(r.pauseError),g(r.cancelError),+!!r.signal,r.closing,r.disowned===!0,a===void 0?`keep`:a.anew?`anew`:`sooner`,a?.withinMs??null,E(r.status),r.keepsTime===!0])).map(d).at(0)??i}function ua(e){return B(`runs_operate`,`WITH ${z}
     UPDATE ${e}.runs r SET
       status = $4,
       available_at = CASE WHEN $5::boolean THEN greatest(now, CASE WHEN $15::boolean THEN r.ready_at END)
         WHEN r.status = $4 THEN r.available_at END,
       ready_at = CASE WHEN $4 = 'paused' AND r.status = 'pending' THEN r.available_at END,
       -- Where it is ready anew it is put into its line anew.
       lane = CASE WHEN NOT $5::boolean AND r.status = $4 THEN r.lane END,
       claimed_at = CASE WHEN $4 = 'running' THEN r.claimed_at END,
       crashes = CASE WHEN $4 = 'running' THEN r.crashes ELSE 0 END,
       attempt = $6,
       pause_error = $7,
       cancel_error = $8,
       signals = r.signals + $9::int,
       closing = r.closing OR $10,
       awaited = r.awaited AND NOT $11::boolean,
       deadline_at = CASE $12 WHEN 'keep' THEN r.deadline_at
         WHEN 'anew' THEN now + ${G(`$13::bigint`)} ELSE least(r.deadline_at, now + ${G(`$13::bigint`)}) END,
       finished_at = CASE WHEN $14::boolean THEN greatest(now, r.created_at, r.started_at) END
     FROM clock WHERE r.namespace_id = $2 AND r.run_id = $3
     RETURNING ${r(`r`)}`)}async function da(e,t,{at:n,record:r,run:i}){await t.run(B(`runs_operate_record`,`WITH ${z}
       INSERT INTO ${e.schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, due_at, error)
       SELECT $2, $3, (SELECT coalesce(max(h.seq), 0) + 1 FROM ${e.schema}.history h
                       WHERE h.namespace_id = $2 AND h.run_id = $3),
         0, 'run', $4, '', 1, $5::int, now, now, CASE WHEN $4 = 'retrying' THEN now END, $6
       FROM clock`),[n,i.namespaceId,i.runId,r.type,r.attempt,g(r.error)])}async function fa(e,t,{namespaceId:n,parent:r,runId:i},a){if(r?.awaited!==!0||!E(a.status))return;let[o]=await Br(e,t,[x({namespaceId:n,runId:i},r,{error:a.record?.error})]);return o}function pa(e){let{afterSeq:t,next:n,records:r}=e,[i]=r;return i===void 0||r.length>1||n!==void 0||t===void 0?!1:i.due===void 0&&i.startedSeq===void 0&&i.takes===void 0}async function ma(e,t,n,r){let{afterSeq:i,epoch:a,namespaceId:o,runId:s}=r,[c]=r.records;return(await e.run(ha(t),[n,o,s,i,a,c.kind,c.type,c.name,c.occurrence,c.attempt,c.observedAt??null,c.durationMs??null,c.payload?.data??null,C(c.payload),c.input?.data??null,C(c.input),g(c.error),c.childRunId??null])).at(0)?.now}function ha(e){return B(`runs_write_result`,`WITH ${z}
     INSERT INTO ${e}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id)
     SELECT $2, $3::uuid, $4::int + 1, $5::int, $6, $7, $8, $9::int, $10::int,
       now, coalesce(${W(`$11::bigint`)}, now), $12::bigint, $13::bytea, $14, $15::bytea, $16, $17, $18::uuid
     FROM clock
     WHERE $5::int = (
         SELECT r.epoch FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.run_id = $3::uuid AND r.claimed_at IS NOT NULL)
       AND $4::int = (
         SELECT coalesce(max(h.seq), 0) FROM ${e}.history h WHERE h.namespace_id = $2 AND h.run_id = $3::uuid)
     RETURNING recorded_at AS now`)}function ga(e,{endsRuns:t,endsWaits:n,movesRuns:r}){let i=`(w.after_seq IS NULL OR w.after_seq = ${`(SELECT coalesce(max(h.seq), 0) FROM ${e}.history h
           WHERE h.namespace_id = w.namespace_id AND h.run_id = w.run_id)`})
         ${n?`AND w.place NOT IN (SELECT place FROM early)`:``}`,a=(t,r)=>n?`CASE WHEN r.takes IS NULL THEN ${r} ELSE ${Sa(e,t)} END`:r;return B(`runs_write${n?`_ending_waits`:``}${t?`_and_runs`:r?`_and_move`:``}`,`WITH ${z},
     write AS MATERIALIZED (
       SELECT w.*, (ordinality - 1)::int AS place
       FROM unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::boolean[],
                   $8::bigint[], $9::bigint[], $10::int[], $11::text[], $12::int[], $13::boolean[], $39::boolean[]) WITH ORDINALITY
         AS w(namespace_id, run_id, epoch, after_seq, next_status, ends, wake_after_ms, wake_at, attempt, pause_error,
              signals, yields, closing)
     ),
     record AS MATERIALIZED (
       SELECT * FROM unnest($14::int[], $15::text[], $16::uuid[], $17::int[], $18::int[], $19::text[], $20::text[],
                            $21::text[], $22::int[], $23::int[], $24::bigint[], $25::bigint[], $26::bigint[],
                            $27::bigint[], $28::int[], $29::int[], $30::text[], $31::int[], $32::int[], $33::text[],
                            $34::text[], $35::int[], $36::uuid[], $37::int[])
         AS r(place, namespace_id, run_id, epoch, seq, kind, type, name, occurrence, attempt, observed_at,
              due_after_ms, due_at, duration_ms, payload_offset, payload_length, payload_metadata, input_offset,
              input_length, input_metadata, error, started_seq, child_run_id, takes)
     ),${n?ya(e):``}
     held AS (
       SELECT w.place FROM write w
       WHERE w.next_status IS NULL AND w.epoch = (
           SELECT r.epoch FROM ${e}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.claimed_at IS NOT NULL)
         AND ${i}
     ),${r?_a(e,i):``}
     done AS MATERIALIZED (
       SELECT place, NULL::timestamptz AS available_at, NULL AS status FROM held
       ${r?`UNION ALL SELECT place, available_at, status FROM moved`:``}
     ),${n?ba(e):``}${t?xa(e):``}
     recorded AS (
       INSERT INTO ${e}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error,
         child_run_id)
       SELECT r.namespace_id, r.run_id, r.seq, r.epoch, r.kind, r.type, r.name, r.occurrence, r.attempt,
         now, coalesce(${W(`r.observed_at`)}, now),
         coalesce(${W(`r.due_at`)}, now + ${G(`r.due_after_ms`)}), r.duration_ms,
         ${a(`payload`,H(`$38::bytea`,`r.payload_offset`,`r.payload_length`))},
         ${a(`payload_metadata`,`r.payload_metadata`)},
         ${H(`$38::bytea`,`r.input_offset`,`r.input_length`)}, r.input_metadata,
         ${a(`error`,`r.error`)}, r.child_run_id
       FROM record r, clock
       WHERE r.seq IS NULL OR r.place IN (SELECT place FROM done)
       RETURNING namespace_id, run_id, seq, due_at
     )
     SELECT now, place, available_at AS at, status, NULL::text AS namespace_id, NULL::uuid AS run_id, NULL::int AS seq
     FROM done, clock
     UNION ALL
     SELECT now, NULL, due_at, NULL, namespace_id, run_id, seq FROM recorded, clock WHERE due_at IS NOT NULL`)}function _a(e,t){return`
     moved AS (
       UPDATE ${e}.runs r SET
         status = ${va},
         available_at = CASE ${va}
           WHEN 'pending' THEN now
           WHEN 'paused' THEN NULL
           ELSE least(now + ${G(`w.wake_after_ms`)}, ${W(`w.wake_at`)}) END,
         claimed_at = NULL,
         crashes = 0,
         attempt = coalesce(w.attempt, r.attempt),
         signals_heard = coalesce(w.signals, r.signals_heard),
         closing = r.closing OR w.closing,
         -- The database's clock may have been set back since.
         finished_at = CASE WHEN w.ends THEN greatest(now, r.started_at) END,
         pause_error = CASE WHEN NOT w.ends THEN coalesce(w.pause_error, r.pause_error) END
       FROM write w, clock
       WHERE w.next_status IS NOT NULL AND r.namespace_id = w.namespace_id AND r.run_id = w.run_id
         AND r.claimed_at IS NOT NULL AND r.epoch = w.epoch
         AND NOT (w.yields AND r.cancel_error IS NOT NULL)
         AND ${t}
       RETURNING w.place, r.available_at, r.status
     ),`}const va=`CASE
           WHEN w.ends THEN w.next_status
           WHEN r.pause_error IS NOT NULL THEN 'paused'
           WHEN w.next_status NOT IN ('sleeping', 'waiting') THEN w.next_status
           WHEN w.signals IS NULL AND r.cancel_error IS NULL OR w.signals >= r.signals THEN w.next_status
           ELSE 'pending' END`;function ya(e){return`
     early AS (
       SELECT r.place FROM record r
       WHERE r.started_seq IS NOT NULL AND (
         SELECT h.due_at <= (SELECT now FROM clock) AND h.kind = r.kind AND h.type = 'started'
           AND h.name = r.name AND h.occurrence = r.occurrence
         FROM ${e}.history h
         WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id AND h.seq = r.started_seq) IS NOT TRUE
       UNION ALL
       SELECT r.place FROM record r
       WHERE r.takes IS NOT NULL AND (
         SELECT i.kind = r.kind AND (i.error IS NOT NULL) = (r.type = 'failed')
         FROM ${e}.inbox i
         WHERE i.namespace_id = r.namespace_id AND i.run_id = r.run_id AND i.position = r.takes
           AND i.taken_seq IS NULL) IS NOT TRUE
     ),`}function ba(e){return`
     taken AS (
       UPDATE ${e}.inbox i SET taken_seq = r.seq, payload = NULL, payload_metadata = NULL, error = NULL
       FROM record r
       WHERE r.takes IS NOT NULL AND r.place IN (SELECT place FROM done)
         AND i.namespace_id = r.namespace_id AND i.run_id = r.run_id AND i.position = r.takes
     ),`}function xa(e){let t=`write e WHERE e.ends AND e.place IN (SELECT place FROM done)
         AND w.namespace_id = e.namespace_id AND w.run_id = e.run_id`;return`
     suspended AS (
       UPDATE ${e}.event_waits w SET state = 'suspended', position = NULL FROM ${t} AND e.next_status = 'failed'
     ),
     closed AS (
       DELETE FROM ${e}.event_waits w USING ${t} AND e.next_status <> 'failed'
     ),`}function Sa(e,t){return`(SELECT i.${t} FROM ${e}.inbox i
           WHERE i.namespace_id = r.namespace_id AND i.run_id = r.run_id AND i.position = r.takes)`}async function Ca(e,t){let n=t.toSorted(wa),r=await Ta(e,n),i=n.filter((e,t)=>r[t]===void 0),a=i.length===0?/* @__PURE__ */ new Map:await Ra(e,i),o=new Map(n.map((e,t)=>[e,r[t]]));return t.map(e=>o.get(e)??{became:`refused`,facts:a.get(e)})}function wa(e,t){return e.namespaceId===t.namespaceId?e.runId<t.runId?-1:+(e.runId>t.runId):e.namespaceId<t.namespaceId?-1:1}async function Ta(e,t){try{if(t.some(Ea))return await ka(e,t);let[n]=t;if(n===void 0||t.length>1||!pa(n))return await Pa(e,e,t);let r=await ma(e,e.schema,e.now(),n);return[r===void 0?void 0:{became:`written`,now:r,dueAt:Fa}]}catch(n){if(!bt(n))throw n;return t.length===1?[void 0]:(await Promise.all(t.map(t=>Ta(e,[t])))).flat()}}function Ea(e){return Oa(e)||e.continuation!==void 0||Da(e)||kn(e)}function Da({activity:e,progress:t}){return e!==void 0||t!==void 0}function Oa({next:e,parent:t}){return t?.awaited===!0&&e!==void 0&&E(e.status)}async function ka(e,t){return e.transaction(async n=>{await Rr(n,e.schema,t.filter(Oa).flatMap(Aa));let r=await Pa(e,n,t),i=t.filter((e,t)=>r[t]!==void 0),a=i.flatMap(({continuation:e})=>e??[]);a.length>0&&await Y(e,n,a),await Ma(e,n,i),await An(e,n,i);let o=i.filter(Oa),s=await Br(e,n,o.flatMap(ja)),c=new Map(o.map((e,t)=>[e,s[t]]));return t.map((e,t)=>{let n=c.get(e);return r[t]&&{...r[t],...n!==void 0&&{told:n}}})})}function Aa({namespaceId:e,parent:t,runId:n}){return[{namespaceId:e,runId:n},...t===void 0?[]:[{namespaceId:e,runId:t.runId}]]}function ja({namespaceId:e,parent:t,records:n,runId:r}){let{error:i,payload:a}=n.at(-1)??{};return t===void 0?[]:[x({namespaceId:e,runId:r},t,{error:i,payload:a})]}async function Ma(e,t,n){let r=n.filter(Da);if(r.length===0)return;let i=[],a=new V(i);r.reduce((e,t)=>a.push(t.progress,e),0),await t.run(Na(e.schema),[e.now(),r.map(e=>e.namespaceId),r.map(e=>e.runId),a.offsets,a.lengths,r.map(e=>C(e.progress)),r.map(e=>g(e.activity)),Buffer.concat(i)])}function Na(e){return B(`runs_progress`,`WITH ${z}
     INSERT INTO ${e}.run_progress AS was (namespace_id, run_id, payload, payload_metadata, activity, updated_at)
     SELECT p.namespace_id, p.run_id, ${H(`$8::bytea`,`p.payload_offset`,`p.payload_length`)}, p.metadata, p.activity, now
     FROM clock, unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::text[])
       AS p(namespace_id, run_id, payload_offset, payload_length, metadata, activity)
     ORDER BY p.namespace_id, p.run_id
     ON CONFLICT (namespace_id, run_id) DO UPDATE SET
       payload = CASE WHEN excluded.payload IS NULL THEN was.payload ELSE excluded.payload END,
       payload_metadata = CASE WHEN excluded.payload IS NULL THEN was.payload_metadata ELSE excluded.payload_metadata END,
       activity = coalesce(excluded.activity, was.activity), updated_at = excluded.updated_at`)}async function Pa(e,t,n){let r=n.some(e=>e.records.some(e=>e.startedSeq!==void 0||e.takes!==void 0)),i=n.some(({next:e})=>e!==void 0&&E(e.status)),a=n.some(({next:e})=>e!==void 0),o=await t.run(ga(e.schema,{endsWaits:r,endsRuns:i,movesRuns:a}),[e.now(),...Ia(n),...La(n),n.map(e=>e.closing===!0)]),s=/* @__PURE__ */ new Map,c=/* @__PURE__ */ new Map;for(let e of o){let{at:t,namespace_id:n,run_id:r,seq:i}=e;if(r===null)s.set(e.place,e);else if(t!==null){let e=`${n}/${r}`;c.set(e,(c.get(e)??/* @__PURE__ */ new Map).set(i,t))}}return n.map((e,t)=>{let n=s.get(t);if(n===void 0)return;let{at:r,now:i,status:a}=n;return{became:`written`,now:i,dueAt:(c.size===0?Fa:c.get(`${e.namespaceId}/${e.runId}`))??Fa,...a!==null&&{status:a},...r!==null&&{wakeAt:r}}})}const Fa=/* @__PURE__ */ new Map;function Ia(e){let t=e.map(({next:e})=>e?.status===`sleeping`||e?.status===`waiting`?e:void 0);return[e.map(e=>e.namespaceId),e.map(e=>e.runId),e.map(e=>e.epoch),U(e.map(e=>e.afterSeq??null)),U(e.map(e=>e.next?.status??null)),e.map(e=>e.next!==void 0&&E(e.next.status)),U(t.map(e=>e?.afterMs??null)),U(t.map(e=>e?.at??null)),U(t.map(e=>e?.attempt??null)),U(e.map(e=>e.next?.status===`paused`?g(e.next.error):null)),U(t.map(e=>e?.signals??null)),e.map(ce)]}function La(e){let t=e.flatMap((e,t)=>e.records.map((n,r)=>({write:e,place:t,seq:(e.afterSeq??0)+r+1,record:n}))),n=t.map(e=>e.record),r=[],i=new V(r),a=new V(r),o=0;for(let e of n)o=a.push(e.input,i.push(e.payload,o));return[t.map(e=>e.place),t.map(e=>e.write.namespaceId),t.map(e=>e.write.runId),t.map(e=>e.write.epoch),t.map(e=>e.seq),n.map(e=>e.kind),n.map(e=>e.type),n.map(e=>e.name),n.map(e=>e.occurrence),n.map(e=>e.attempt),U(n.map(e=>e.observedAt??null)),U(n.map(({due:e})=>e!==void 0&&`afterMs`in e?e.afterMs:null)),U(n.map(({due:e})=>e!==void 0&&`at`in e?e.at:null)),U(n.map(e=>e.durationMs??null)),U(i.offsets),U(i.lengths),U(n.map(e=>C(e.payload))),U(a.offsets),U(a.lengths),U(n.map(e=>C(e.input))),U(n.map(e=>g(e.error))),U(n.map(e=>e.startedSeq??null)),U(n.map(e=>e.childRunId??null)),U(n.map(e=>e.takes??null)),Buffer.concat(r)]}async function Ra(e,t){let n=await e.run(za(e.schema),[t.map(e=>e.namespaceId),t.map(e=>e.runId),t.map(e=>e.afterSeq??null),t.map(e=>e.records.length)]),r=/* @__PURE__ */ new Map;for(let e of n){let n=t[e.place];if(n===void 0)continue;let i=r.get(n)??{status:e.status,epoch:e.run_epoch,...e.cancel_error!==null&&{cancelError:m(e.cancel_error)},tail:[]};r.set(n,i),e.seq!==null&&i.tail.push(_(e))}return r}function za(e){return B(`runs_write_facts`,`SELECT (w.ordinality - 1)::int AS place, r.status, r.epoch AS run_epoch, r.cancel_error, ${p(`h`)}
     FROM unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) WITH ORDINALITY
       AS w(namespace_id, run_id, after_seq, records)
     JOIN ${e}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
     LEFT JOIN ${e}.history h ON h.namespace_id = w.namespace_id AND h.run_id = w.run_id
       AND h.seq > w.after_seq AND h.seq <= w.after_seq + w.records
     ORDER BY w.ordinality, h.seq`)}async function Ba(e,t,n){for(;;){let r=await e.transaction(r=>Ha(e,r,t,n),Va);if(r!==void 0)return r}}function Va(e){return e!==void 0&&e.outcomes.every(e=>e.became!==`refused`)}async function Ha(e,t,n,r){let{schema:i}=e,{namespaceId:a,scheduleId:c}=n,[l]=await t.run(Ua(i),[a,c]),u=l&&s(l),d=await Wa(e,t,n),f=r({...d,schedule:u}),{now:p}=d;if(f===void 0)return{now:p,schedule:u,outcomes:[]};let{after:m,starts:h}=f,g=[];h.length>0&&(g=await Z(t,i,h,await Y(e,t,h)));let _=o(m),v=u===void 0?qa:Ja;return(await t.run(v(i,Object.keys(_)),Object.values(_))).length===1?{now:p,schedule:m,outcomes:g}:void 0}function Ua(e){return B(`schedules_lock`,`SELECT s.* FROM ${e}.schedules s WHERE s.namespace_id = $1 AND s.schedule_id = $2 FOR UPDATE`)}async function Wa(e,t,{namespaceId:n,scheduleId:r}){let{schema:i}=e,[a]=await t.run(B(`schedules_look_around`,`WITH ${z}
       SELECT now, (SELECT n.enabled FROM ${i}.namespaces n WHERE n.namespace_id = $2) AS enabled,
         EXISTS (SELECT FROM ${i}.runs r
           WHERE r.namespace_id = $2 AND r.schedule_id = $3 AND r.finished_at IS NULL) AS has_open_run
       FROM clock`),[e.now(),n,r]);return{now:a?.now??0,namespaceEnabled:a?.enabled??void 0,hasOpenRun:a?.has_open_run??!1}}const Ga=/* @__PURE__ */ new Set([`at`,`watermark`,`next_fire_at`,`due_at`,`buffered_at`,`last_fired_at`,`created_at`,`updated_at`]);function Ka(e){return e.map((e,t)=>Ga.has(e)?W(`$${t+1}::bigint`):`$${t+1}`).join(`, `)}function qa(e,t){return B(`schedules_insert`,`INSERT INTO ${e}.schedules (${t.join(`, `)}) VALUES (${Ka(t)})
     ON CONFLICT DO NOTHING RETURNING 1`)}function Ja(e,t){return B(`schedules_update`,`UPDATE ${e}.schedules SET (${t.join(`, `)}) = ROW (${Ka(t)})
     WHERE namespace_id = $1 AND schedule_id = $2 RETURNING 1`)}async function Ya(e,t){let{schema:n}=e,[r]=await e.run(B(`schedules_next`,`WITH ${z}
       SELECT now, (SELECT s.due_at FROM ${n}.schedules s
         WHERE s.due_at IS NOT NULL AND s.due_at > (SELECT now FROM clock) ORDER BY s.due_at LIMIT 1) AS next_at
       FROM clock`),[e.now()]),i=r?.now??0,a=await e.run(B(`schedules_due`,`SELECT s.* FROM ${n}.schedules s
       WHERE s.due_at IS NOT NULL AND s.due_at <= ${W(`$1::bigint`)} ORDER BY s.due_at LIMIT $2`),[i,t]),o=r?.next_at??null;return{now:i,due:a.map(s),...o!==null&&{nextAt:o}}}async function Xa(e,{namespaceId:t,scheduleId:n}){let[r]=await e.run(B(`schedules_get`,`SELECT * FROM ${e.schema}.schedules WHERE namespace_id = $1 AND schedule_id = $2`),[t,n]);return r&&s(r)}async function Za(e,t,n){let{namespaceId:r,workflowType:i}=t,a=i===void 0?``:`AND workflow_type = $4`;return(await e.run(B(i===void 0?`schedules_list`:`schedules_list_of_workflow`,`SELECT * FROM ${e.schema}.schedules
       WHERE namespace_id = $1 AND schedule_id > $2 ${a} ORDER BY schedule_id LIMIT $3`),[r,n.after??``,n.limit,...i===void 0?[]:[i]])).map(s)}async function Qa(e,t,n){return(await e.run(B(`schedules_declared`,`SELECT * FROM ${e.schema}.schedules
       WHERE namespace_id = $1 AND declared_by IS NOT NULL AND declared_by = ANY($2::text[]) ORDER BY schedule_id`),[t,n])).map(s)}async function $a(e,{namespaceId:t,scheduleId:n},r){return(await e.run(B(`schedules_delete`,`DELETE FROM ${e.schema}.schedules
       WHERE namespace_id = $1 AND schedule_id = $2 AND ($3::text IS NULL OR declared_by = $3) RETURNING 1`),[t,n,r??null])).length===1}function eo(e,t){return`EXISTS (SELECT FROM ${e}.runs r WHERE r.namespace_id = ${t}.namespace_id AND r.run_id = ${t}.run_id
           AND r.claimed_at IS NOT NULL AND r.epoch = ${t}.epoch)`}function to(e){return B(`slots_sweep`,`WITH ${z},
     ended AS (
       UPDATE ${e}.slots s SET released_at = now FROM clock
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.released_at IS NULL AND NOT ${eo(e,`s`)}
     ),
     gone AS (
       DELETE FROM ${e}.slot_waits w WHERE w.namespace_id = $2 AND w.name = $3 AND NOT EXISTS (
         SELECT FROM ${e}.runs r
         WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.finished_at IS NULL)
     )
     DELETE FROM ${e}.slots s
     WHERE s.namespace_id = $2 AND s.name = $3 AND s.acquired_at <= (SELECT now FROM clock) - ${G(`$4::bigint`)}
       AND s.released_at IS NOT NULL`)}function no(e){return`w.namespace_id = $2 AND w.name = $3
         AND (w.called_at IS NULL OR w.called_at > (SELECT now FROM clock) - ${G(`$8::bigint`)})
         AND EXISTS (SELECT FROM ${e}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.finished_at IS NULL AND r.pause_error IS NULL)`}function ro(e){return B(`slots_facts`,`WITH ${z},
     own AS (
       SELECT r.priority, coalesce(w.since, 'infinity') AS since, w.called_at IS NOT NULL AS called FROM ${e}.runs r
       LEFT JOIN ${e}.slot_waits w
         ON w.namespace_id = r.namespace_id AND w.name = $3 AND w.run_id = r.run_id AND w.step = $5
       WHERE r.namespace_id = $2 AND r.run_id = $4
     )
     SELECT now,
       (SELECT r.claimed_at IS NOT NULL AND r.epoch = $6 FROM ${e}.runs r
        WHERE r.namespace_id = $2 AND r.run_id = $4) AS is_held,
       EXISTS (SELECT FROM ${e}.slots s WHERE s.namespace_id = $2 AND s.name = $3 AND s.run_id = $4 AND s.step = $5
         AND s.epoch = $6 AND s.released_at IS NULL) AS has_slot,
       (SELECT count(*)::int FROM ${e}.slots s
        WHERE s.namespace_id = $2 AND s.name = $3 AND s.released_at IS NULL) AS held,
       b.begun, b.first,
       CASE WHEN EXISTS (SELECT FROM own) THEN (
         SELECT count(*)::int FROM own o, ${e}.slot_waits w WHERE ${no(e)}
           -- Who was called comes before all who were not.
           AND ((w.called_at IS NOT NULL) > o.called OR ((w.called_at IS NOT NULL) = o.called
             AND (w.priority > o.priority OR (w.priority = o.priority
               AND (w.since, w.run_id, w.step) < (o.since, $4::uuid, $5::text COLLATE "C"))))))
       ELSE 0 END AS ahead
     FROM clock, LATERAL (
       SELECT count(*)::int AS begun, min(s.acquired_at) AS first FROM ${e}.slots s
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.acquired_at > now - ${G(`$7::bigint`)}
     ) b`)}function io(e){return B(`slots_wait`,`WITH ${z}
     INSERT INTO ${e}.slot_waits AS w (namespace_id, name, run_id, step, priority, since)
     SELECT $2, $3, r.run_id, $5, r.priority, now FROM clock, ${e}.runs r WHERE r.namespace_id = $2 AND r.run_id = $4
     ON CONFLICT (namespace_id, name, run_id, step) DO UPDATE SET called_at = NULL`)}function ao(e){return B(`slots_call`,`WITH ${z},
     coming AS (
       SELECT count(*)::int AS count FROM ${e}.slot_waits w
       WHERE w.namespace_id = $2 AND w.name = $3 AND w.called_at > (SELECT now FROM clock) - ${G(`$5::bigint`)}
     ),
     next AS MATERIALIZED (
       SELECT w.run_id, w.step FROM ${e}.slot_waits w
       JOIN ${e}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
       WHERE w.namespace_id = $2 AND w.name = $3 AND w.called_at IS NULL
         AND r.finished_at IS NULL AND r.pause_error IS NULL
       ORDER BY w.priority DESC, w.since, w.run_id, w.step LIMIT greatest(0, $4 - (SELECT count FROM coming))
     ),
     called AS (
       UPDATE ${e}.slot_waits w SET called_at = now FROM clock, next n
       WHERE w.namespace_id = $2 AND w.name = $3 AND w.run_id = n.run_id AND w.step = n.step
     ),
     addressee AS MATERIALIZED (
       SELECT r.run_id FROM ${e}.runs r
       WHERE r.namespace_id = $2 AND r.run_id IN (SELECT n.run_id FROM next n) AND r.finished_at IS NULL
       ORDER BY r.run_id FOR UPDATE
     )
     UPDATE ${e}.runs r SET signals = r.signals + 1,
       status = CASE r.status WHEN 'waiting' THEN 'pending' ELSE r.status END,
       available_at = CASE r.status WHEN 'waiting' THEN now ELSE r.available_at END
     FROM clock, addressee a WHERE r.namespace_id = $2 AND r.run_id = a.run_id
     RETURNING r.run_id, r.task_queue, r.workflow_type, r.version, r.status, r.worker_id`)}function oo(e){return B(`slots_usage`,`WITH ${z}
     SELECT h.run_id, h.step, h.epoch, h.held, w.waiting, b.begun, b.first
     FROM clock, LATERAL (SELECT count(*)::int AS waiting FROM (
       SELECT FROM ${e}.slot_waits WHERE namespace_id = $2 AND name = $3 LIMIT 1000) counted) w
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS begun, min(s.acquired_at) AS first FROM ${e}.slots s
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.acquired_at > clock.now - ${G(`$5::bigint`)}
     ) b
     LEFT JOIN LATERAL (
       SELECT s.run_id, s.step, s.epoch, count(*) OVER ()::int AS held FROM ${e}.slots s
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.released_at IS NULL AND ${eo(e,`s`)}
       ORDER BY s.run_id, s.step LIMIT $4
     ) h ON true`)}async function so(e,t,n){let r=n.toSorted((e,t)=>e.name<t.name?-1:1);await e.run(B(`slots_declare`,`INSERT INTO ${e.schema}.step_limits AS l (namespace_id, name, declared)
       SELECT $1, d.name, d.declared FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS d(name, declared)
       ORDER BY d.ordinality
       ON CONFLICT (namespace_id, name) DO UPDATE SET declared = excluded.declared
       WHERE l.declared IS DISTINCT FROM excluded.declared`),[t,r.map(({name:e})=>e),r.map(({declared:e})=>g(e))])}async function co(e,t,n,r){return(await e.run(B(`slots_override`,`UPDATE ${e.schema}.step_limits SET override = $3 WHERE namespace_id = $1 AND name = $2 RETURNING name`),[t,n,g(r)])).length===1}async function lo(e,t,n){let r=`SELECT declared, override FROM ${e.schema}.step_limits WHERE namespace_id = $1 AND name = $2`,[i]=await e.run(B(`slots_get`,r),[t,n]);return i&&uo(n,i)}function uo(e,t){let{workflowType:n,...r}=l({workflow_type:e,...t});return{name:e,...r}}async function fo(e,t,{name:n,namespaceId:r}){let{schema:i}=t,a=`SELECT declared, override FROM ${i}.step_limits WHERE namespace_id = $1 AND name = $2 FOR NO KEY UPDATE`,[o]=await e.run(B(`slots_lock`,a),[r,n]);if(o===void 0)return;let s=le(uo(n,o));return await e.run(to(i),[t.now(),r,n,s.throttle?.perMs??0]),s}async function po(e,t,n,r){let[i]=await e.run(ro(t.schema),[t.now(),n.namespaceId,n.name,n.runId,n.step,n.epoch,r.throttle?.perMs??0,S]);return i}function mo({ahead:e,begun:t,first:n,held:r},i){let a=n===null?void 0:n+(i.throttle?.perMs??0);return{held:r,begun:t,ahead:e,...a!==void 0&&{until:a}}}async function ho(e,n,r){let{schema:i}=e;return e.transaction(async a=>{let o=await fo(a,e,n);if(o===void 0)return{became:`refused`,because:`noLimit`};let s=await po(a,e,n,o);if(s?.is_held!==!0)return{became:`refused`,because:`leaseLost`};if(s.has_slot)return{became:`granted`};let{granted:c,until:l}=t(o,mo(s,o)),{epoch:u,name:d,namespaceId:f,runId:p,step:m}=n;if(!c)return await a.run(io(i),[e.now(),f,d,p,m]),{became:`waiting`,now:s.now,...l!==void 0&&{until:l}};let h=B(`slots_grant`,`WITH ${z},
       waited AS (
         DELETE FROM ${i}.slot_waits WHERE namespace_id = $2 AND name = $3 AND run_id = $4 AND step = $5
       )
       INSERT INTO ${i}.slots (namespace_id, name, slot_id, run_id, step, epoch, acquired_at)
       SELECT $2, $3, $6, $4, $5, $7, now FROM clock`);return await a.run(h,[e.now(),f,d,p,m,r,u]),{became:`granted`}})}async function go(e,t){let{epoch:n,name:r,namespaceId:i,runId:a,step:o}=t;await e.run(B(`slots_release`,`WITH ${z},
       gone AS (
         DELETE FROM ${e.schema}.slot_waits WHERE namespace_id = $2 AND name = $3 AND run_id = $4 AND step = $5
       )
       UPDATE ${e.schema}.slots s SET released_at = now FROM clock
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.run_id = $4 AND s.step = $5 AND s.epoch <= $6
         AND s.released_at IS NULL`),[e.now(),i,r,a,o,n])}async function _o(r,i,a){return r.transaction(async o=>{let s=await fo(o,r,{namespaceId:i,name:a});if(s===void 0)return{runs:[],now:0};let c=await po(o,r,{namespaceId:i,name:a,runId:vo,step:``,epoch:0},s);if(c===void 0)return{runs:[],now:0};let l=mo(c,s),{until:u}=t(s,l),d=Math.min(e(s,l),yo),f={now:c.now,...u!==void 0&&{nextAt:u}};if(d<=0)return{runs:[],...f};let p=[r.now(),i,a,d,S];return{runs:(await o.run(ao(r.schema),p)).map(e=>n(i,e)),...f}})}const vo=`00000000-0000-0000-0000-000000000000`,yo=500;async function bo(e,t){let{schema:n}=e;return(await e.run(B(`slots_waited`,`SELECT l.namespace_id, l.name FROM ${n}.step_limits l
       WHERE EXISTS (SELECT FROM ${n}.slot_waits w WHERE w.namespace_id = l.namespace_id AND w.name = l.name)
       ORDER BY l.namespace_id, l.name LIMIT $1`),[t])).map(e=>({namespaceId:e.namespace_id,name:e.name}))}async function xo(e,t){return await e.run(B(`slots_waits`,`SELECT name, step, since FROM ${e.schema}.slot_waits WHERE namespace_id = $1 AND run_id = $2
       ORDER BY since, name, step LIMIT 100`),[t.namespaceId,t.runId])}async function So(e,{name:t,namespaceId:n},r){let i=[e.now(),n,t,r.limit,r.windowMs],a=await e.run(oo(e.schema),i),o=a.flatMap(({epoch:e,run_id:r,step:i})=>r===null?[]:[{namespaceId:n,name:t,runId:r,step:i,epoch:e}]),[s]=a,c=s?.first??null;return{held:s?.held??0,holders:o,waiting:s?.waiting??0,begun:s?.begun??0,...c!==null&&{first:c}}}const Co=1e3,Q=`r.available_at IS NOT NULL AND r.lane IS NULL`;function wo(e){let t=(t,n,r)=>`SELECT t.workflow_type FROM ${e}.${t} t
     WHERE t.namespace_id = $1 AND t.workflow_type > ${r}${n} ORDER BY t.workflow_type LIMIT 1`,n=(e,n,r)=>`
     ${e}(name) AS (
       (${t(n,r,`$2`)})
       UNION ALL
       SELECT (${t(n,r,`n.name`)}) FROM ${e} n WHERE n.name IS NOT NULL
     )`;return B(`statistics_workflows`,`WITH RECURSIVE ${n(`registered`,`workflow_versions`,``)},
     ${n(`ended`,`runs`,` AND t.finished_at IS NOT NULL`)},
     kinds(task_queue, workflow_type) AS (
       (SELECT r.task_queue, r.workflow_type FROM ${e}.runs r WHERE r.namespace_id = $1 AND ${Q}
        ORDER BY r.task_queue, r.workflow_type LIMIT 1)
       UNION ALL
       SELECT n.task_queue, n.workflow_type FROM kinds k CROSS JOIN LATERAL (
         SELECT r.task_queue, r.workflow_type FROM ${e}.runs r
         WHERE r.namespace_id = $1 AND (r.task_queue, r.workflow_type) > (k.task_queue, k.workflow_type) AND ${Q}
         ORDER BY r.task_queue, r.workflow_type LIMIT 1
       ) n
     )
     SELECT name FROM (
       SELECT name FROM (SELECT r.name FROM registered r LIMIT $3) r WHERE name IS NOT NULL
       UNION SELECT name FROM (SELECT e.name FROM ended e LIMIT $3) e WHERE name IS NOT NULL
       UNION SELECT workflow_type FROM (SELECT * FROM kinds LIMIT ${Co}) k WHERE workflow_type > $2
     ) names
     ORDER BY name LIMIT $3`)}function To(e){let t=`r.task_queue, r.workflow_type, r.version, r.priority`,n=`r.task_queue, r.workflow_type, r.version, r.priority DESC`,r=`r.namespace_id = $2 AND r.task_queue = k.task_queue AND r.workflow_type = k.workflow_type
           AND r.version = k.version AND ${Q}`;return B(`statistics_queued`,`WITH RECURSIVE ${z},
     kinds(task_queue, workflow_type, version, priority) AS (
       (SELECT ${t} FROM ${e}.runs r WHERE r.namespace_id = $2 AND ${Q} ORDER BY ${n} LIMIT 1)
       UNION ALL
       SELECT n.task_queue, n.workflow_type, n.version, n.priority FROM kinds k CROSS JOIN LATERAL (
         (SELECT 1 AS place, ${t} FROM ${e}.runs r
          WHERE ${r} AND r.priority < k.priority ORDER BY r.priority DESC LIMIT 1)
         UNION ALL
         (SELECT 2, ${t} FROM ${e}.runs r
          WHERE r.namespace_id = $2 AND (r.task_queue, r.workflow_type, r.version) > (k.task_queue, k.workflow_type, k.version)
            AND ${Q} ORDER BY ${n} LIMIT 1)
         ORDER BY place LIMIT 1
       ) n
     )
     SELECT k.workflow_type, k.task_queue, k.version, ready.*, later.* FROM (SELECT * FROM kinds LIMIT ${Co}) k
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS ready, min(x.available_at) AS oldest FROM (
         SELECT r.available_at FROM ${e}.runs r
         WHERE ${r} AND r.priority = k.priority AND r.available_at <= (SELECT now FROM clock)
         ORDER BY r.available_at LIMIT $4) x
     ) ready
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS later, (count(*) FILTER (WHERE x.status = 'pending'))::int AS delayed,
         (count(*) FILTER (WHERE x.status = 'sleeping'))::int AS sleeping
       FROM (
         SELECT r.status FROM ${e}.runs r
         WHERE ${r} AND r.priority = k.priority AND r.available_at > (SELECT now FROM clock) LIMIT $4) x
     ) later
     WHERE k.workflow_type = ANY($3::text[])`)}function Eo(e){return B(`statistics_lines`,`SELECT l.workflow_type, l.task_queue, l.version, l.limit_key, l.throttle_key, ready.*
     FROM unnest($2::text[]) AS w(workflow_type)
     CROSS JOIN LATERAL (
       SELECT * FROM ${e}.lanes l WHERE l.namespace_id = $1 AND l.workflow_type = w.workflow_type LIMIT $3
     ) l
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS ready, min(x.available_at) AS oldest FROM (
         SELECT r.available_at FROM ${e}.runs r
         WHERE r.namespace_id = $1 AND r.lane = l.lane AND r.available_at IS NOT NULL LIMIT $4) x
     ) ready
     WHERE ready.ready > 0`)}function Do(e){return B(`statistics_live`,`WITH ${z}
     SELECT g.workflow_type, s.status, g.count, g.read FROM unnest(ARRAY['running', 'waiting', 'paused']) AS s(status)
     CROSS JOIN LATERAL (
       SELECT x.workflow_type, (count(*) FILTER (
           WHERE x.available_at IS NULL OR x.available_at > (SELECT now FROM clock)))::int AS count,
         sum(count(*)) OVER ()::int AS read
       FROM (
         SELECT r.workflow_type, r.available_at FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.status = s.status AND r.status <> 'completed' LIMIT $3) x
       GROUP BY x.workflow_type
     ) g
     WHERE g.count > 0`)}function Oo(e){return B(`statistics_ended`,`WITH ${z}
     SELECT w.workflow_type, f.failed, last.* FROM unnest($3::text[]) AS w(workflow_type)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS failed FROM (
         SELECT FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = w.workflow_type AND r.status = 'failed'
           AND r.finished_at > (SELECT now FROM clock) - ${G(`$4::bigint`)} LIMIT $5) x
     ) f
     LEFT JOIN LATERAL (
       SELECT x.* FROM unnest(ARRAY['completed', 'failed', 'cancelled']) AS t(status)
       CROSS JOIN LATERAL (
         SELECT r.run_id, r.status, r.finished_at FROM ${e}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = w.workflow_type AND r.status = t.status
           AND r.finished_at IS NOT NULL
         ORDER BY r.finished_at DESC LIMIT 1
       ) x
       ORDER BY x.finished_at DESC LIMIT 1
     ) last ON true`)}function ko(e){return B(`statistics_ended_samples`,`SELECT b.place::int - 1 AS bucket, t.status, s.*
     FROM unnest($2::text[]) AS w(workflow_type)
     CROSS JOIN unnest($3::bigint[], $4::bigint[]) WITH ORDINALITY AS b(since, until, place)
     CROSS JOIN unnest(ARRAY['completed', 'failed', 'cancelled']) AS t(status)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS read, min(x.finished_at) AS oldest,
         array_agg(extract(epoch FROM x.finished_at - x.started_at)::float8 * 1000)
           FILTER (WHERE x.started_at IS NOT NULL) AS durations,
         array_agg(extract(epoch FROM x.started_at - x.created_at)::float8 * 1000)
           FILTER (WHERE x.started_at IS NOT NULL) AS waits
       FROM (
         SELECT r.created_at, r.started_at, r.finished_at FROM ${e}.runs r
         WHERE r.namespace_id = $1 AND r.workflow_type = w.workflow_type AND r.status = t.status
           AND r.finished_at >= ${W(`b.since`)} AND r.finished_at < ${W(`b.until`)}
         ORDER BY r.finished_at DESC LIMIT $5) x
     ) s
     WHERE s.read > 0`)}function Ao(e){return B(`statistics_started_samples`,`SELECT b.place::int - 1 AS bucket, s.*
     FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS b(since, until, place)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS read, (count(*) FILTER (WHERE $2::text IS NULL OR x.workflow_type = $2))::int AS matched,
         min(x.run_id::text) AS oldest
       FROM (
         SELECT r.run_id, r.workflow_type FROM ${e}.runs r
         WHERE r.namespace_id = $1 AND r.run_id >= b.since AND r.run_id < b.until ORDER BY r.run_id DESC LIMIT $5) x
     ) s
     WHERE s.read > 0`)}async function jo(e,t,n){let r=[t,n.after??``,n.limit];return(await e.run(wo(e.schema),r)).map(e=>e.name)}async function Mo(e,t,n,r){let i=[e.now(),t,n,r];return(await e.run(To(e.schema),i)).map(e=>({...No(e),ready:ue(e.ready,r),...e.oldest!==null&&{oldestReadyAt:e.oldest},delayed:$(e.delayed,e.later,r),sleeping:$(e.sleeping,e.later,r)}))}function No(e){return{workflowType:e.workflow_type,taskQueue:e.task_queue,version:e.version}}function $(e,t,n){return{value:e,more:t>=n}}async function Po(e,t,n,r){let i=[t,n,r.lines,r.limit];return(await e.run(Eo(e.schema),i)).map(e=>({...No(e),limitKey:e.limit_key,...e.throttle_key!==null&&{throttleKey:e.throttle_key},ready:ue(e.ready,r.limit),...e.oldest!==null&&{oldestReadyAt:e.oldest}}))}async function Fo(e,t,n){let r=[e.now(),t,n];return(await e.run(Do(e.schema),r)).map(({count:e,read:t,status:r,workflow_type:i})=>({workflowType:i,status:r,count:$(e,t,n)}))}async function Io(e,t,n,r){let i=[e.now(),t,n,r.sinceMs,r.limit];return(await e.run(Oo(e.schema),i)).map(({failed:e,finished_at:t,run_id:n,status:i,workflow_type:a})=>({workflowType:a,failed:ue(e,r.limit),...n!==null&&i!==null&&t!==null&&{last:{runId:n,status:i,finishedAt:t}}}))}async function Lo(e,t,n){let{buckets:r,limit:i,namespaceId:a}=t,[o,s]=[r.map(e=>e.since),r.map(e=>e.until)],c=[a,n,o,s,i];return(await e.run(ko(e.schema),c)).map(({bucket:e,durations:t,oldest:n,read:r,status:i,waits:a})=>({bucket:e,status:i,read:r,oldest:n,durationsMs:t??[],waitsMs:a??[]}))}async function Ro(e,t,n){let{buckets:r,limit:i,namespaceId:a}=t,o=r.map(e=>de(e.since)),s=r.map(e=>de(e.until));return(await e.run(Ao(e.schema),[a,n??null,o,s,i])).map(e=>({...e,oldest:ae(e.oldest)}))}async function zo(e){return(await e.run(B(`violations`,Bo(e.schema)),[])).map(({invariant:e,what:t})=>`${e}: ${t}`)}const Bo=e=>`
  SELECT 'L2, R6' AS invariant, 'run ' || run_id || ' is ' || status || ' with another state''s columns' AS what
  FROM ${e}.runs
  WHERE (status = 'running') <> (claimed_at IS NOT NULL)
     OR (status IN ('completed', 'failed', 'cancelled')) <> (finished_at IS NOT NULL)
     OR (status IN ('running', 'paused', 'completed', 'failed', 'cancelled') AND available_at IS NOT NULL)
     OR (status = 'paused' AND pause_error IS NULL) OR (status <> 'running' AND status <> 'paused' AND pause_error IS NOT NULL)
  UNION ALL
  SELECT 'P4', 'run ' || run_id || ' is ' || status || ' and nothing will ever wake it'
  FROM ${e}.runs r
  WHERE (status IN ('pending', 'sleeping') AND available_at IS NULL)
     -- One that is offline has lost its leases: what it is given in the moment in which it leaves is taken from it.
     OR (status = 'running' AND NOT EXISTS (
           SELECT FROM ${e}.workers w WHERE w.namespace_id = r.namespace_id AND w.worker_id = r.worker_id))
  UNION ALL
  SELECT 'P4', 'run ' || run_id || ' waits in a line that nobody will ever call'
  FROM ${e}.runs r
  WHERE lane IS NOT NULL AND NOT EXISTS (SELECT FROM ${e}.lanes l
    WHERE l.namespace_id = r.namespace_id AND l.lane = r.lane)
  UNION ALL
  SELECT 'W5', 'run ' || r.run_id || ' waits, and what it was sent lies unheard in its inbox'
  FROM ${e}.runs r JOIN ${e}.inbox i ON i.namespace_id = r.namespace_id AND i.run_id = r.run_id
  WHERE r.status = 'waiting' AND i.taken_seq IS NULL AND i.position > r.signals_heard
  UNION ALL
  SELECT 'W5', 'run ' || w.run_id || ' waits for event ' || w.name || ', and was not brought event ' || e.event_id
  FROM ${e}.event_waits w JOIN ${e}.events e ON e.namespace_id = w.namespace_id AND e.name = w.name
  WHERE w.state = 'open' AND e.routed AND (w.key IS NULL OR w.key = e.key) AND e.sent_at >= w.since
    AND e.event_id IS DISTINCT FROM w.begun_by AND NOT EXISTS (SELECT FROM ${e}.inbox i
      WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id AND i.message_id = e.event_uid::text)
  UNION ALL
  SELECT 'W5', 'run ' || w.run_id || ' waits for event ' || w.name || ', and what it was brought is not there'
  FROM ${e}.event_waits w
  WHERE w.state = 'brought' AND NOT EXISTS (SELECT FROM ${e}.inbox i
    WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id AND i.position = w.position AND i.taken_seq IS NULL)
  UNION ALL
  SELECT 'W6', 'run ' || w.run_id || ' has ended or never began, and waits for event ' || w.name
  FROM ${e}.event_waits w LEFT JOIN ${e}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
  WHERE r.run_id IS NULL OR (r.finished_at IS NOT NULL) <> (w.state = 'suspended')
  UNION ALL
  SELECT 'C2', 'run ' || c.run_id || ' has ended and its parent ' || p.run_id || ' was not told'
  FROM ${e}.runs c JOIN ${e}.runs p ON p.namespace_id = c.namespace_id AND p.run_id = c.parent_run_id
  WHERE c.awaited AND c.finished_at IS NOT NULL AND p.finished_at IS NULL
    AND NOT EXISTS (SELECT FROM ${e}.inbox i
      WHERE i.namespace_id = p.namespace_id AND i.run_id = p.run_id AND i.child_run_id = coalesce(c.started_as, c.run_id))
    AND NOT EXISTS (SELECT FROM ${e}.history h
      WHERE h.namespace_id = c.namespace_id AND h.run_id = c.run_id AND h.kind = 'run' AND h.type = 'completed'
        AND h.child_run_id IS NOT NULL)
  UNION ALL
  SELECT 'W3', 'message ' || position || ' of run ' || run_id || ' was taken by no record'
  FROM ${e}.inbox i
  WHERE i.taken_seq IS NOT NULL AND NOT EXISTS (SELECT FROM ${e}.history h
    WHERE h.namespace_id = i.namespace_id AND h.run_id = i.run_id AND h.seq = i.taken_seq AND h.kind = i.kind)
  UNION ALL
  SELECT 'R7', 'run ' || k.run_id || ' is not there, and has ' || k.what
  FROM (
    SELECT namespace_id, run_id, 'a record' AS what FROM ${e}.history
    UNION SELECT namespace_id, run_id, 'a message' FROM ${e}.inbox
    UNION SELECT namespace_id, run_id, 'progress' FROM ${e}.run_progress
  ) k WHERE NOT EXISTS (SELECT FROM ${e}.runs r WHERE r.namespace_id = k.namespace_id AND r.run_id = k.run_id)
  UNION ALL
  SELECT 'R7', 'the history of run ' || run_id || ' has gaps'
  FROM ${e}.history GROUP BY namespace_id, run_id HAVING count(*) <> max(seq) OR min(seq) <> 1
  UNION ALL
  SELECT 'S1', 'step ' || name || '#' || occurrence || ' of run ' || run_id || ' has two outcomes'
  FROM (
    SELECT h.*, count(*) FILTER (WHERE kind = 'run' AND type = 'retrying')
                  OVER (PARTITION BY namespace_id, run_id ORDER BY seq) AS run_retries
    FROM ${e}.history h
  ) h
  WHERE kind <> 'run' AND type IN ('completed', 'failed', 'cancelled')
  GROUP BY namespace_id, run_id, name, occurrence
  HAVING count(*) FILTER (WHERE type = 'completed') > 1 OR count(*) <> count(DISTINCT run_retries)
  UNION ALL
  SELECT 'S4', 'record ' || h.seq || ' of run ' || h.run_id || ' was written under a lease that was not given, or after the end'
  FROM ${e}.history h JOIN ${e}.runs r USING (namespace_id, run_id)
  WHERE h.epoch > r.epoch OR h.recorded_at > r.finished_at
  UNION ALL
  SELECT 'S4', 'record ' || seq || ' of run ' || run_id || ' was written under an older lease than the one before it'
  FROM (
    SELECT h.*, max(epoch) OVER (PARTITION BY namespace_id, run_id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS highest
    FROM ${e}.history h
  ) h
  WHERE epoch < highest AND NOT (epoch = 0 AND kind = 'run')
  UNION ALL
  SELECT 'R5', 'run ' || r.run_id || ' is ' || r.status || ' and its history does not end so'
  FROM ${e}.runs r
  LEFT JOIN LATERAL (
    SELECT kind, type FROM ${e}.history h
    WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id ORDER BY seq DESC LIMIT 1
  ) last ON true
  WHERE (r.finished_at IS NOT NULL) <> (last.kind = 'run' AND last.type IN ('completed', 'failed', 'cancelled'))
     OR (r.finished_at IS NOT NULL AND last.type <> r.status) OR last.kind IS NULL
  UNION ALL
  SELECT 'R3', 'external id ' || coalesce(r.external_id, k.external_id) || ' and run ' || coalesce(r.run_id, k.run_id) || ' do not agree'
  FROM (SELECT * FROM ${e}.runs WHERE external_id IS NOT NULL) r
  FULL JOIN ${e}.run_keys k
    ON k.namespace_id = r.namespace_id AND k.external_id = r.external_id AND k.run_id = r.run_id
  WHERE r.run_id IS NULL OR k.run_id IS NULL
  UNION ALL
  SELECT 'Q1', 'slot ' || scheduled_at || ' of schedule ' || schedule_id || ' has ' || count(*) || ' runs'
  FROM ${e}.runs WHERE scheduled_at IS NOT NULL GROUP BY namespace_id, schedule_id, scheduled_at HAVING count(*) > 1
  UNION ALL
  SELECT 'Q2', 'run ' || r.run_id || ' is of a slot that its schedule ' || s.schedule_id || ' has not decided'
  FROM ${e}.runs r JOIN ${e}.schedules s ON s.namespace_id = r.namespace_id AND s.schedule_id = r.schedule_id
  WHERE r.scheduled_at > s.watermark
  UNION ALL
  SELECT 'Q4', 'schedule ' || schedule_id || ' will never be looked at, or looks back'
  FROM ${e}.schedules
  WHERE (enabled AND due_at IS NULL AND (next_fire_at IS NOT NULL OR buffered_at IS NOT NULL))
     OR (NOT enabled AND due_at IS NOT NULL) OR next_fire_at <= watermark OR buffered_at > watermark
  UNION ALL
  SELECT 'K2', 'key ' || key_id || ' is of namespace ' || namespace_id || ', which is not there'
  FROM ${e}.api_keys k WHERE namespace_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM ${e}.namespaces n WHERE n.namespace_id = k.namespace_id)`;async function Vo(e,t,n){let r=t.workflows.flatMap(({on:e=[],version:t,workflowType:n})=>e.map(e=>({workflowType:n,version:t,eventName:e})));if((await e.run(B(`workers_register`,`WITH clock AS (SELECT coalesce($1::timestamptz, date_trunc('milliseconds', statement_timestamp())) AS now),
       home AS (SELECT namespace_id FROM ${e.schema}.namespaces WHERE namespace_id = $2),
       offered AS (
         INSERT INTO ${e.schema}.workflow_versions
         SELECT home.namespace_id, o.workflow_type, o.version, now
         FROM home, clock, unnest($14::text[], $15::text[]) AS o(workflow_type, version)
         ORDER BY o.workflow_type, o.version
         ON CONFLICT DO NOTHING
       ),
       dropped AS (
         DELETE FROM ${e.schema}.subscriptions s USING unnest($14::text[], $15::text[]) AS o(workflow_type, version)
         WHERE s.namespace_id = $2 AND s.workflow_type = o.workflow_type AND s.version = o.version
           AND (s.workflow_type, s.version, s.event_name) NOT IN (SELECT * FROM unnest($16::text[], $17::text[], $18::text[]))
       ),
       subscribed AS (
         INSERT INTO ${e.schema}.subscriptions AS s
         SELECT home.namespace_id, n.workflow_type, n.version, n.event_name, $4
         FROM home, unnest($16::text[], $17::text[], $18::text[]) AS n(workflow_type, version, event_name)
         ORDER BY n.workflow_type, n.version, n.event_name
         ON CONFLICT (namespace_id, workflow_type, version, event_name) DO UPDATE SET task_queue = excluded.task_queue
         WHERE s.task_queue <> excluded.task_queue
       )
       INSERT INTO ${e.schema}.workers
       SELECT home.namespace_id, $3::uuid, $4, 'online', $5, $6, $7, $8, $9, $10, $11::int, $12, 0, 0, 0,
         now, now, now + ${G(`$13::bigint`)}
       FROM home, clock
       ON CONFLICT (namespace_id, worker_id) DO UPDATE SET status = 'online', lease_expires_at = excluded.lease_expires_at
       RETURNING worker_id`),[e.now(),t.namespaceId,t.workerId,t.taskQueue,JSON.stringify(t.workflows),t.maxConcurrent,t.hostname,t.pid,t.version,JSON.stringify(t.labels),t.queueConcurrencyLimit??null,JSON.stringify(t.workflowTypeConcurrency),n,t.workflows.map(e=>e.workflowType),t.workflows.map(e=>e.version),r.map(e=>e.workflowType),r.map(e=>e.version),r.map(e=>e.eventName)])).length===0)throw ee(`namespace`,t.namespaceId)}async function Ho(e,t,n){return(await e.run(B(`workers_drain`,`UPDATE ${e.schema}.workers SET status = 'draining'
       WHERE namespace_id = $1 AND worker_id = $2 AND status <> 'offline' RETURNING worker_id`),[t,n])).length===1}async function Uo(e,t,n){let[r]=await e.run(B(`workers_get`,`SELECT * FROM ${e.schema}.workers WHERE namespace_id = $1 AND worker_id = $2`),[t,n]);return r&&b(r)}async function Wo(e,t,n){return(await e.run(B(`workers_list`,`SELECT * FROM ${e.schema}.workers
       WHERE namespace_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR task_queue = $3)
         AND ($4::uuid IS NULL OR worker_id < $4)
       ORDER BY worker_id DESC LIMIT $5`),[t.namespaceId,t.status??null,t.taskQueue??null,n.before??null,n.limit])).map(b)}async function Go(e,t,n){let r=await e.run(B(`workers_versions`,`SELECT version, false AS pinned FROM ${e.schema}.workflow_versions
       WHERE namespace_id = $1 AND workflow_type = $2
       UNION ALL
       SELECT version, true FROM ${e.schema}.workflow_defaults WHERE namespace_id = $1 AND workflow_type = $2
       ORDER BY version`),[t,n]),i=r.find(e=>e.pinned)?.version;return{registered:r.filter(e=>!e.pinned).map(e=>e.version),...i!==void 0&&{pinned:i}}}async function Ko(e,t,n,r){let{schema:i}=e,a=B(`workers_pin_version`,`INSERT INTO ${i}.workflow_defaults VALUES ($1, $2, $3)
     ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET version = excluded.version`),o=B(`workers_unpin_version`,`DELETE FROM ${i}.workflow_defaults WHERE namespace_id = $1 AND workflow_type = $2`);r===void 0?await e.run(o,[t,n]):await e.run(a,[t,n,r])}var qo=class{kind=`postgres`;runs;history;workers;namespaces;inbox;limits;slots;events;schedules;statistics;apiKeys;audit;hints;#e;#t;constructor(e){let t=new Pt(e);this.#e=t;let n=new Pt({...e,poolSize:1},t.growth);this.#t=n,this.hints=new Ir(t),this.runs={start:e=>lr(t,e),startTogether:e=>ur(t,e),write:e=>Ca(t,e),claim:e=>Vn(t,e),claimLimited:e=>wi(t,e),operate:(e,n)=>oa(t,e,n),rerun:(e,n)=>qi(t,e,n),unblock:(e,n)=>Xi(t,e,n),expired:(e,n)=>pn(t,e,n),needed:e=>hn(t,e),delete:e=>Zi(t,e),closing:e=>ra(t,e),children:(e,n)=>ia(t,e,n),closed:e=>aa(t,e),overdue:e=>Ri(t,e),get:e=>Ni(t,e),findByExternalId:(e,n)=>Ii(t,e,n),ended:e=>Li(t,e),list:(e,n)=>zi(t,e,n),count:(e,n)=>Bi(t,e,n),ahead:(e,n)=>Vi(t,e,n),backlog:(e,n)=>Si(t,e,n)},this.inbox={send:e=>zr(t,e),knows:(e,n)=>Ur(t,e,n),read:(e,n)=>Wr(t,t.schema,e,n),hear:(e,n,r)=>Kr(t,e,n,r)},this.limits={declare:(e,n)=>si(t,e,n),override:(e,n,r)=>li(t,e,n,r),get:(e,n)=>ui(t,e,n),places:(e,n,r,i)=>fi(t,{namespaceId:e,workflowType:n,key:r},i),begun:(e,n,r,i)=>pi(t,{namespaceId:e,workflowType:n,key:r},i),usage:(e,n,r)=>di(t,e,n,r)},this.slots={declare:(e,n)=>so(t,e,n),override:(e,n,r)=>co(t,e,n,r),get:(e,n)=>lo(t,e,n),acquire:(e,n)=>ho(t,e,n),release:e=>go(t,e),call:(e,n)=>_o(t,e,n),waited:e=>bo(t,e),waits:e=>xo(t,e),usage:(e,n)=>So(t,e,n)},this.events={subscriptions:(e,n)=>Sr(t,e,n),send:(e,n)=>Cr(t,e,n),route:e=>gn(t,e),list:(e,n)=>Dr(t,e,n),keys:e=>Rn(t,e),count:(e,n)=>Or(t,e,n),expire:(e,n)=>jr(t,e,n)},this.history={read:(e,n)=>Mr(t,e,n),latest:(e,n)=>Pr(t,e,n)},this.workers={register:(e,n)=>Vo(t,e,n),heartbeat:(e,t,r)=>Xr(n,e,t,r),release:(e,n)=>Qr(t,e,n),excuse:(e,n)=>$r(t,e,n),deregister:(e,n)=>ei(t,e,n),drain:(e,n)=>Ho(t,e,n),get:(e,n)=>Uo(t,e,n),list:(e,n)=>Wo(t,e,n),versions:(e,n)=>Go(t,e,n),lapsed:e=>ti(t,e),takeOver:e=>ni(t,e),setDefaultVersion:(e,n,r)=>Ko(t,e,n,r),sweep:e=>ai(t,e)},this.namespaces={create:(e,n)=>mi(t,e,n),get:e=>hi(t,e),list:e=>gi(t,e),update:(e,n)=>_i(t,e,n)},this.schedules={change:(e,n)=>Ba(t,e,n),due:e=>Ya(t,e),get:e=>Xa(t,e),list:(e,n)=>Za(t,e,n),declared:(e,n)=>Qa(t,e,n),delete:(e,n)=>$a(t,e,n)},this.statistics={workflows:(e,n)=>jo(t,e,n),queued:(e,n,r)=>Mo(t,e,n,r),lines:(e,n,r)=>Po(t,e,n,r),live:(e,n)=>Fo(t,e,n),ended:(e,n,r)=>Io(t,e,n,r),endedSamples:(e,n)=>Lo(t,e,n),startedSamples:(e,n)=>Ro(t,e,n)},this.apiKeys={create:(e,n)=>on(t,e,n),find:e=>ln(t,e),list:(e,n)=>un(t,e,n),revoke:(e,n)=>dn(t,e,n),used:e=>fn(t,e)},this.audit={add:e=>nn(t,t,e),list:(e,n)=>rn(t,e,n),expire:(e,n)=>an(t,e,n)}}migrate(){return qt(this.#e)}schemaState(){return Jt(this.#e)}risks(){return yi(this.#e)}async now(){return(await this.#t.run(B(`now`,`WITH clock AS (SELECT coalesce($1::timestamptz, date_trunc('milliseconds', statement_timestamp())) AS now) SELECT now FROM clock`),[this.#t.now()]))[0]?.now??0}violations(){return zo(this.#e)}connections(){return this.#e.connections()}async close(){this.hints.close(),await Promise.all([this.#e.close(),this.#t.close()])}};export{qo as PostgresStore};