const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Values to render with, each with what its Secrets are that somebody else makes. */
export interface RenderCase {
  readonly values: unknown;
  readonly external: readonly string[];
  readonly requireDigest?: boolean;
}

const DEFAULT_SECRETS = ["Secret/burnline-redis", "Secret/burnline-ingest"];

/** The installations that the rules are held against. */
export const RENDER_CASES: Readonly<Record<string, RenderCase>> = {
  defaults: { values: {}, external: DEFAULT_SECRETS },
  minimal: {
    values: {
      operator: { enabled: false },
      networkPolicy: { enabled: true },
      ingest: { source: "sim", replicas: 1, sim: { track: "michigan", cars: 40, rate: 120, seed: 7 } },
      processor: { replicas: 1 },
      inference: { replicas: 1 },
      gateway: { replicas: 1, service: { type: "NodePort", nodePort: 30080 } },
    },
    external: ["Secret/burnline-redis"],
  },
  production: {
    values: {
      image: {
        registry: "registry.example.org",
        requireDigest: true,
        digests: { ingest: DIGEST, processor: DIGEST, inference: DIGEST, gateway: DIGEST, operator: DIGEST },
        pullSecrets: ["pull"],
      },
      race: { id: "Daytona_500-2027" },
      streamOwner: "operator",
      nats: {
        url: "nats://nats-0.nats:4222,nats://nats-1.nats:4222",
        replicas: 3,
        auth: { secretName: "nats-nkeys" },
        tls: { enabled: true, secretName: "nats-tls" },
      },
      redis: { tls: { enabled: true, secretName: "redis-tls" } },
      s3: { bucket: "burnline-races", region: "eu-central-1" },
      autoscaling: { enabled: true },
      processor: {
        autoscaling: {
          min: 4,
          max: 16,
          preWarm: [{ timezone: "America/New_York", start: "0 12 * * 0", end: "0 19 * * 0", replicas: 12 }],
        },
      },
      monitoring: {
        serviceMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        dashboards: { enabled: true },
      },
      route: {
        type: "ingress",
        host: "burnline.example.org",
        className: "alb",
        annotations: { "alb.ingress.kubernetes.io/target-type": "ip" },
      },
      networkPolicy: { clients: [{ ipBlock: { cidr: "10.0.0.0/16" } }], guardServers: true },
      priorityClass: { create: true, name: "race-critical" },
      topologySpread: { zone: "DoNotSchedule", hostname: "ScheduleAnyway" },
    },
    external: [...DEFAULT_SECRETS, "Secret/nats-nkeys", "Secret/nats-tls", "Secret/redis-tls", "Secret/pull"],
    requireDigest: true,
  },
  everything: {
    values: {
      image: { registry: "localhost", tag: "test" },
      imagePolicy: { prefixes: ["localhost/burnline/", "docker.io/library/"] },
      streamOwner: "operator",
      nats: {
        auth: { secretName: "nats-nkeys" },
        tls: { enabled: true, secretName: "nats-tls" },
        monitoringUrl: "https://nats-headless.burnline.svc:8222",
      },
      redis: { tls: { enabled: true, secretName: "redis-tls" } },
      s3: { bucket: "races", endpoint: "https://s3.example.org", secretName: "burnline-s3" },
      autoscaling: { enabled: true },
      monitoring: {
        serviceMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        dashboards: { enabled: true },
      },
      tracing: { endpoint: "http://collector.monitoring.svc:4318", sampleRatio: 0.1 },
      gateway: {
        allowedOrigins: ["https://graphics.example.org", "https://ob.example.org"],
        viewerKeysSecretName: "burnline-viewers",
        trustedProxies: ["10.0.0.0/8", "2001:db8::1"],
        podAnnotations: { a: "b" },
      },
      inference: {
        nodeSelector: { "kubernetes.io/arch": "amd64" },
        tolerations: [{ key: "race", operator: "Exists" }],
      },
      route: {
        type: "gateway",
        host: "burnline.example.org",
        ingestHost: "push.example.org",
        gatewayRef: { name: "public", namespace: "gateways", sectionName: "https" },
      },
      networkPolicy: { defaultDeny: "namespace", guardServers: true },
      externalSecrets: { enabled: true, storeRef: { name: "vault" } },
      priorityClass: { name: "race-critical" },
    },
    // cert-manager makes the authorities, the cluster's owner the priority class.
    external: ["Secret/nats-tls", "Secret/redis-tls", "PriorityClass/race-critical"],
  },
};
