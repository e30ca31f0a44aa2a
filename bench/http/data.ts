/** The data of a session: 1000 bytes of JSON, with a number that counts up. */
export const data: { text: string; visits: number } = {
  text: "x".repeat(978),
  visits: 0,
};
