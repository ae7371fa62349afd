/** Something in daily use that keeps the cluster from running; the message is one sentence for whoever started it. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}
