// What a page of these tests is told, and what it tells.
export const sitekey = new URLSearchParams(location.search).get('sitekey');

window.said = [];

/** Notes what a callback was called with, for the test to look at. */
export const say = (...what) => window.said.push(what);
