import type { FastifyInstance } from 'fastify';
import { cashierRoutes } from '../inbound/cashier/cashier-routes.ts';
import type { CashierOptions } from '../inbound/cashier/context.ts';
import { docsRoutes } from '../inbound/docs/docs-routes.ts';
import {
  type NotificationOptions,
  notificationRoutes,
} from '../inbound/notifications/notification-routes.ts';
import { createRestGateway, type RestGatewayOptions } from '../inbound/rest/rest-gateway.ts';

export interface GatewayAppOptions {
  readonly rest: RestGatewayOptions;
  readonly notifications: NotificationOptions;
  readonly cashier: CashierOptions;
}

/** Everything that answers on PORT, not listening yet: merchants, wallets, payers, and whoever operates it. */
export async function createGatewayApp(options: GatewayAppOptions): Promise<FastifyInstance> {
  const app = await createRestGateway(options.rest);
  await notificationRoutes(app, options.notifications);
  await cashierRoutes(app, options.cashier);
  await docsRoutes(app);
  return app;
}
