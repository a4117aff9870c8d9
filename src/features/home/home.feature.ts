import { defineFeature, get, page } from "../../kit/index.js";
import { homeModel, homePage } from "./home.pages.js";

/** The front page. */
export const home = defineFeature({
  name: "home",
  routes: [get("/", async (ctx) => page(homePage, await homeModel(ctx)))],
});
