import { type SessionOptions, withSession } from "with-session";

export interface Visit {
  cart: string[];
}

/** The shop. Its options are given, so that tests can have others. */
export function createShop(
  options: SessionOptions<Visit>,
): (request: Request) => Promise<Response> {
  return withSession(async (request, session) => {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /":
        return page(`
          <p>Cart: ${session.get("cart")?.join(", ") ?? "empty"}</p>
          <form method="post" action="/cart">
            <button name="item" value="tea">Buy tea</button>
          </form>`);
      case "POST /cart": {
        const item = `${(await request.formData()).get("item")}`;
        session.update("cart", (cart = []) => [...cart, item]);
        return redirect("/");
      }
      case "GET /sign-in":
        return page(`
          <form method="post"><input name="name"><button>Sign in</button></form>`);
      case "POST /sign-in":
        session.login(`${(await request.formData()).get("name")}`);
        return redirect("/account");
      case "GET /account":
        if (!session.userId) return redirect("/sign-in");
        return page(`<h1>Account of ${session.userId}</h1>`);
      case "POST /sign-out":
        session.destroy();
        return redirect("/");
      default:
        return new Response("Not found", { status: 404 });
    }
  }, { csrf: true, ...options });
}

function page(body: string): Response {
  const headers = { "content-type": "text/html" };
  return new Response(`<!doctype html><title>Shop</title>${body}`, { headers });
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}
