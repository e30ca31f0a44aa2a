import { GraphQLError } from "graphql";
import { createSchema } from "graphql-yoga";
import { setTimeout } from "node:timers/promises";
import { type Context, sessions } from "./session.ts";

export const schema = createSchema<Context>({
  typeDefs: /* GraphQL */ `
    type Query {
      hello: String!
      user: String
      notices: [String!]!
      account: String!
    }
    type Mutation {
      visit: Int!
      signIn(name: String!): String!
      signOut: Boolean!
      signOutEverywhere: Boolean!
      slow: Int!
      fail: Boolean!
    }
  `,
  resolvers: {
    Query: {
      hello: () => "Hello",
      user: (_parent, _args, { session }) => session.userId ?? null,
      notices: (_parent, _args, { session }) => session.flashes("notice"),
      account: (_parent, _args, { session }) => {
        if (!session.userId) throw new GraphQLError("Sign in first");
        return `Account of ${session.userId}`;
      },
    },
    Mutation: {
      visit: (_parent, _args, { session }) =>
        session.update("visits", (n = 0) => n + 1),
      signIn: (_parent, { name }, { session }) => {
        // … check the password …
        session.login(name);
        session.flash("notice", `Welcome, ${name}`);
        return name;
      },
      signOut: (_parent, _args, { session }) => {
        session.reset();
        session.flash("notice", "You have signed out");
        return true;
      },
      signOutEverywhere: async (_parent, _args, { session }) => {
        if (session.userId) await sessions.revokeAll(session.userId);
        session.destroy();
        return true;
      },
      slow: async (_parent, _args, { session }) => {
        await setTimeout(500);
        return session.update("visits", (n = 0) => n + 1);
      },
      fail: (_parent, _args, { session }) => {
        session.set("visits", 1000);
        throw new Error("It was meant to fail");
      },
    },
  },
});
