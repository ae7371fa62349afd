import { asList, asRecord, at, type Rule } from "./rule.ts";

const EBS = /^ebs\.csi\./;
/** What a secret looks like to whoever finds it: an address with a password, an nkey's seed, a private key. */
const SECRET_LOOKS = [/\w+:\/\/[^\s/:@",]*:[^\s/@",]+@/, /\bS[UA][A-Z2-7]{56}\b/, /-----BEGIN [A-Z ]*PRIVATE KEY-----/];

const namedProviders: Rule = {
  name: "named-providers",
  description: "Nothing falls on the kubeconfig or the account that happens to be current.",
  level: "mandatory",
  check({ type, providerName }) {
    if (type.startsWith("pulumi:") || providerName === undefined) return [];
    return providerName.startsWith("default")
      ? ["It has no provider of its own: it goes wherever the shell points."]
      : [];
  },
};

const noSecretsInTheClear: Rule = {
  name: "no-secrets-in-the-clear",
  description: "Whoever may read ConfigMaps and workloads learns no password from them.",
  level: "mandatory",
  check({ type, props }) {
    if (!type.startsWith("kubernetes:") || type.endsWith(":Secret")) return [];
    const text = JSON.stringify(props);
    return SECRET_LOOKS.some((look) => look.test(text)) ? ["Something in it looks like a password or a key."] : [];
  },
};

const noOpenLoadBalancers: Rule = {
  name: "no-open-load-balancers",
  description: "The world comes in by a route with TLS, not by a Service.",
  level: "mandatory",
  check({ type, props }) {
    if (type !== "kubernetes:core/v1:Service" || at(props, "spec", "type") !== "LoadBalancer") return [];
    return asList(at(props, "spec", "loadBalancerSourceRanges")).length > 0
      ? []
      : ["The balancer lets in everybody, past the route and its TLS."];
  },
};

const narrowRoles: Rule = {
  name: "narrow-roles",
  description: "No role of a race has everything.",
  level: "mandatory",
  check({ type, name, props }) {
    if (!/^kubernetes:rbac\.authorization\.k8s\.io\/v1:(Cluster)?Role$/.test(type)) return [];
    if (!String(at(props, "metadata", "name") ?? name).startsWith("burnline")) return [];
    const isWide = asList(props.rules).some((rule) =>
      ["verbs", "resources", "apiGroups"].some((key) => asList(asRecord(rule)[key]).includes("*")),
    );
    return isWide ? ["One of its rules has a * in it."] : [];
  },
};

const restrictedNamespaces: Rule = {
  name: "guarded-namespaces",
  description: "A namespace says what its pods may be.",
  level: "mandatory",
  check({ type, props }) {
    if (type !== "kubernetes:core/v1:Namespace") return [];
    const level = at(props, "metadata", "labels", "pod-security.kubernetes.io/enforce");
    return level === "restricted" || level === "baseline" ? [] : ["Its pods may be anything."];
  },
};

const encryptedVolumes: Rule = {
  name: "encrypted-volumes",
  description: "Volumes are encrypted where the class can say so.",
  level: "mandatory",
  check({ type, props }) {
    if (type !== "kubernetes:storage.k8s.io/v1:StorageClass" || !EBS.test(String(props.provisioner))) return [];
    return at(props, "parameters", "encrypted") === "true" ? [] : ["Its volumes are not encrypted."];
  },
};

export const CLUSTER_RULES: readonly Rule[] = [
  ...[namedProviders, noSecretsInTheClear, noOpenLoadBalancers, narrowRoles, restrictedNamespaces, encryptedVolumes],
];
