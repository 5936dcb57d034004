# syntax=docker/dockerfile:1
# The server of Kagzi and its command line: docker build -t kagzi .

FROM node:22-slim AS build
WORKDIR /app
COPY . .
# No package that is needed here has a script to run when it is installed.
RUN npm ci --ignore-scripts && npx tsc -b packages/cli && npm run build -w @kagzi/dashboard && find packages sdks -name '*.tsbuildinfo' -delete

FROM node:22-slim AS packages
WORKDIR /app
COPY . .
# What the command line needs, and nothing that only tests and builds do.
RUN npm ci --omit=dev --workspace @kagzi/cli --ignore-scripts

FROM node:22-slim
ENV NODE_ENV=production \
    KAGZI_HOST=0.0.0.0 \
    KAGZI_PORT=50051
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=build /app/sdks sdks
# A file of SQLite lies here: mount a volume.
RUN ln -s /app/packages/cli/bin/kagzi.js /usr/local/bin/kagzi && install -d -o node -g node /data
VOLUME /data
USER node
EXPOSE 50051
# What /readyz says: 503 while the database is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.KAGZI_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Process 1 is Node itself: the server heeds SIGTERM and SIGINT, and starts no other process that somebody would have to reap.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/packages/cli/bin/kagzi.js"]
CMD ["server"]
