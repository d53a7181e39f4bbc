import { expect, it } from 'vitest';
import {
  bases,
  type Call,
  endpoints,
  libraryBase,
  originForm,
  pathOf,
  pathOfTarget,
  readEndpoint,
  regionHosts,
} from './endpoints.ts';

it('each call has its path, under either base', () => {
  expect(Object.keys(endpoints).map((call) => pathOf(call as Call))).toEqual([
    '/ams/api/v1/payments/pay',
    '/ams/api/v1/payments/inquiryPayment',
    '/ams/api/v1/payments/cancel',
    '/ams/api/v1/payments/refund',
    '/ams/api/v1/payments/inquiryRefund',
    '/ams/api/v1/merchants/registration',
    '/ams/api/v1/merchants/inquiryRegistrationStatus',
    '/ams/api/v1/merchants/inquiryRegistrationInfo',
  ]);
  expect(pathOf('pay', bases.sandbox)).toBe('/ams/sandbox/api/v1/payments/pay');
});

it('a sandbox client has the base that the vendor’s libraries give it', () => {
  expect(libraryBase('SANDBOX_5YTEST0000000001')).toBe(bases.sandbox);
  expect(['5YTEST0000000001', 'sandbox_x', ''].map(libraryBase)).toEqual(Array(3).fill(bases.production));
});

it('a target of any form is read as the call and the path that was signed', () => {
  for (const base of Object.values(bases)) {
    for (const call of Object.keys(endpoints) as Call[]) {
      const path = pathOf(call, base);
      const found = { call, path };
      for (const target of [
        path,
        `${path}?x=1`,
        `http://127.0.0.1:9090${path}`,
        `https://h.example${path}?x`,
      ]) {
        expect(readEndpoint(target)).toEqual(found);
      }
    }
  }
  for (const target of [
    '',
    '/',
    '/ams/api/v1/payments/consult',
    '/ams/api/v1/payments/pay/',
    '/api/v1/payments/pay',
  ]) {
    expect(readEndpoint(target)).toBeNull();
  }
});

it('a target is taken apart as it was written', () => {
  expect(originForm('https://shop.example/notify/a?b=c')).toBe('/notify/a?b=c');
  expect(originForm('https://shop.example')).toBe('/');
  expect(originForm('https://shop.example?b=c')).toBe('/?b=c');
  expect(originForm('/notify/https://x/y')).toBe('/notify/https://x/y');
  expect(pathOfTarget('https://shop.example/notify/a?b=/c?d')).toBe('/notify/a');
});

it('every region has the host that is advised now first', () => {
  for (const [advised, older] of Object.values(regionHosts)) {
    expect(advised).toMatch(/^open-\w+-global\.alipay\.com$/);
    expect(older).toMatch(/^open-\w+\.alipay\.com$/);
  }
});
