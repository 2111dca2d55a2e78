// iopub_welcome: tells a subscriber that its subscription is in force.

/**
 * @param topic - The subscription's prefix; empty for everything.
 * @see https://jupyter.org/enhancement-proposals/65-jupyter-xpub/jupyter-xpub.html (JEP 65, protocol 5.5)
 */
export function welcomeContent(topic: Buffer): { readonly subscription: string } {
  return { subscription: topic.toString('utf8') };
}
