# The image has what `npm run build` makes, and production dependencies only:
#   /app/dist  /app/migrations  /app/seeds  /app/config  /app/package.json  /app/node_modules
#
#   docker build --build-arg GIT_SHA=$(git rev-parse HEAD) -t schemagate .
#   docker run -e DATABASE_URL=postgres://… -p 8000:8000 schemagate
#   docker run -e DATABASE_URL=postgres://… schemagate migrate

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No cache mounts: Railway accepts only those with the id of its service in them.
RUN npm ci
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:24-slim
WORKDIR /app
# In production no env/.env is read and no embedded PostgreSQL is started: a database has to be configured.
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
# The health document takes the name and version of the service from package.json, which also makes the .js files ES modules.
COPY package.json ./
COPY config config
# The migrations with schema.snapshot.json: production verifies against it and never replays.
COPY migrations migrations
COPY seeds seeds
COPY --from=build /app/dist dist
# Last, because it changes with every commit. Platforms that set the commit at run time need no build argument.
ARG GIT_SHA=
ENV GIT_SHA=$GIT_SHA
# The user `node`, as a number: from a name, Kubernetes cannot know that it is not root. All files belong to root.
USER 1000:1000
EXPOSE 8000
STOPSIGNAL SIGTERM
# Failures do not count before the end of the start period, which is as long as another process may hold the migration
# lock (LOCK_WAIT_TIMEOUT).
HEALTHCHECK --start-period=10m --interval=10s --timeout=3s --retries=3 \
  CMD ["node", "-e", "fetch(`http://localhost:${process.env.HEALTH_PORT || process.env.PORT || 8000}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# node is PID 1 and gets SIGTERM itself: npm or a shell would not pass it on. The command can be any of schemagate's.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
