import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { whereIs } from "../../support/needs.js";

/** A reader's browser window, and everything that went wrong in it. */
export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors, script errors, refusals by policy, other hosts asked, answers of 400 and above. */
  readonly faults: string[];
  close(): Promise<void>;
}

/** How a window looks at the site. */
export interface Sight {
  readonly origin: string;
  readonly width?: number;
  readonly language?: "fr" | "en";
  readonly dark?: boolean;
  readonly scripts?: boolean;
}

/** Start the browser of the machine without a screen. Close it in `after`. */
export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: whereIs("chromium") ?? "chromium",
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
}

/** Open a window of somebody who was never here. */
export async function openWindow(browser: Browser, sight: Sight): Promise<Window> {
  const { origin, width = 1280, language = "fr", dark = false, scripts = true } = sight;
  const context = await browser.newContext({
    baseURL: origin,
    locale: language === "fr" ? "fr-FR" : "en-GB",
    viewport: { width, height: width < 600 ? 740 : 860 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    javaScriptEnabled: scripts,
    timezoneId: "Europe/Paris",
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  watch(page, origin, faults);
  return { page, context, faults, close: () => context.close() };
}

/** Sign in by the form, in French. */
export async function signIn({ page }: Window, mail: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.fill("#f-mail", mail);
  await page.fill("#f-password", password);
  await page.getByRole("button", { name: "Me connecter" }).click();
  await page.locator(".menu").waitFor();
}

function watch(page: Page, origin: string, faults: string[]): void {
  page.on("console", (said) => {
    const refused = /Failed to load resource/.test(said.text());
    if (["error", "warning"].includes(said.type()) && !refused) {
      faults.push(`console on ${page.url()}: ${said.text()}`);
    }
  });
  page.on("pageerror", (error) => faults.push(`script on ${page.url()}: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) faults.push(`asked ${url}`);
  });
  page.on("response", (response) => {
    if (response.status() < 400) return;
    faults.push(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
}
