import { serve } from "srvx";
import { createShop } from "./shop.ts";
import { options, origin } from "./test_options.ts";

serve({ fetch: createShop(options), port: Number(new URL(origin).port) });
