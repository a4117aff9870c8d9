declare module "activitypub-express" {
  /** A document in the normal form: every property but `id` and `type` is an array. */
  export interface ApexObject {
    id?: string;
    type?: string;
    [term: string]: unknown;
  }
  export interface ApexRoutes {
    readonly [name: string]: string;
  }
  export interface ApexContext {
    readonly contextUrl: null;
    readonly documentUrl: string;
    readonly document: unknown;
    readonly tag: "static";
  }
  /** The parts of an instance of the package that this folder uses, and no others. */
  export interface Apex {
    /** Chains of handlers by route and method; read by the start-up test, never mounted. */
    readonly net: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly consts: { readonly publicAddress: string };
    jsonldContextLoader: (url: string) => Promise<ApexContext>;
    fromJSONLD(document: object): Promise<ApexObject>;
    stringifyPublicJSONLD(document: unknown): string;
    buildTombstone(object: { readonly id: string }): Promise<ApexObject>;
    validateOwner(object: unknown, actor: { readonly id: string }): boolean;
  }
  export interface ApexSettings {
    readonly baseUrl: string;
    readonly domain: string;
    readonly actorParam: string;
    readonly objectParam: string;
    readonly routes: ApexRoutes;
    readonly context: readonly unknown[];
    readonly store: object;
    readonly offlineMode: true;
  }
  const createApex: (settings: ApexSettings) => Apex;
  export default createApex;
}
