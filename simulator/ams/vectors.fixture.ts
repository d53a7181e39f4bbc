import { createPrivateKey, createPublicKey } from 'node:crypto';

/** A throw-away key that plays both parties. Never used outside tests. */
export const privateKeyPem = `-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCqFIe5VH0cSwlt
lu59gkgnGeOiVuDfYpE0zco95lP9/ftqiGan2UJEZ9QdBfTQdmFmWFHxKTmvw7DW
xXs+zCtoAFyt6f5kyAC0T8gLTYTsypOHgYrqrlbB9nQS7m2f44qJjF2C2U4OONSs
Uq0xTSdOQApHdKvI2h4PxGiVsqtUcbqniEehfp8LBZAkjgmfnKZVwYes4KswDKzB
n6BANbOY2xEgUpfICCNqgXf5hN0JqlXpMK8f13altMK4C/enY/vpqqmisler15QV
T0kG0/Y4TcAhFoL3pER6192ZNAwt+Z6UONNIbUkveFuFGfNwutWgthMHsGM2UWIa
/D4A6DghAgMBAAECggEAE3/uvwWxTGpL++0R4yuUjdXENADFn8buGAGUyOZcmzfL
OKpyfpcEUnxxpMbh4SQEGcGm2hacabWZfkjo+Z5bRv1s+CGQ9vQOpJ2rCqS0yJiX
M9zbKk9FB3rz/EGq1D84dc8KikMo1aztW+PPaIzMegZnR0xYmlrA7JTbsCIVI5qw
IzU7biN2eCvKgd+8RDzjRO25hclYzBUSRctUytgsY4Rgjjcnfuzb3FrMHllDSoBr
ODASuYmy6ClfR4/BUE5Ca5PCMk+b9ot53kqklkU40to9OnCRjSbSr9ObxO0UKalc
2dkaQqw3O2FHK8IjWwJrojN3sItMdAGM9zR+jvrtMwKBgQDv0igaX1XvM8SMMtGG
H3jJMJo+JZYGFhAiSPJGMsBWIaNubPbCiIOu1/wlhH8XlmGKDVRb6rtiUmhexBBt
+p832sUHTyChK2ymc9T8KYU97kn1s6JfOHD4ONQdOPNV7eH2NPL/lKIl8ZFOegRK
UZv14IoJE+53Cy7CLlwp2+8mvwKBgQC1jeleR2dcjn+4xI5qzOPVc5KVIWn1Yqbn
a5cuJwYbC2F+jentmxY4zjCbUsBtah4wdyHzeKVLZMuiZp4DSwjwWvtPhXvANNtq
OR6TRLfLtmKeFZqpjR2IR4BVJ6wsQynfpmhpFhxDQ8psoHeu6JTVIjHv0diuhNe9
HTBAFy45HwKBgDh8O03a3pa0jrqmzYrVptFcTTgOCkPstmgc3lOCaKLg0WmU6Jnx
JXLtFEqR5o1bsiWd9hygMPp7hnGrpGMDALVbJcUO8hSD8ddSuPubm/J2SZ1BbiEX
XiRY3jzzyPyYRvyChCmGjJp7R0pAmvoWNrG27UwuEaCgVacO3E5PqwhpAoGAMW9r
zP0aWux+QJxcvx39J6Dpl+vaQzPSiI8WQj3j/rcxm9keilFBUsRqHdEBjolnoQC/
YOFH+OiAPj885V6oF3Jenb+V+7coy5q0BZufhDusTKlLTMGc+f+mJQnBauf63egc
5AheN76cvslO7XRtGj/OYyO7oYGQkPECs2DceDcCgYBtyJ9wjuDO8xNI14jdis9n
KZaOTPfj9G53Ti5xQF0pgnf3G38HA8U0I731AIvcxCspczdU1klqiI4rI7ZvJ+ue
gJMSvKiENH2/vEGXmxqyp0YGzIkbNS95Nlow09qt1dEOKrNv+znVCvbFLIqE7YSW
A+/AVR/2WIvqLdvUN8wQQA==
-----END PRIVATE KEY-----`;

export const publicKeyPem = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqhSHuVR9HEsJbZbufYJI
Jxnjolbg32KRNM3KPeZT/f37aohmp9lCRGfUHQX00HZhZlhR8Sk5r8Ow1sV7Pswr
aABcren+ZMgAtE/IC02E7MqTh4GK6q5WwfZ0Eu5tn+OKiYxdgtlODjjUrFKtMU0n
TkAKR3SryNoeD8RolbKrVHG6p4hHoX6fCwWQJI4Jn5ymVcGHrOCrMAyswZ+gQDWz
mNsRIFKXyAgjaoF3+YTdCapV6TCvH9d2pbTCuAv3p2P76aqporJXq9eUFU9JBtP2
OE3AIRaC96REetfdmTQMLfmelDjTSG1JL3hbhRnzcLrVoLYTB7BjNlFiGvw+AOg4
IQIDAQAB
-----END PUBLIC KEY-----`;

export const privateKey = createPrivateKey(privateKeyPem);
export const publicKey = createPublicKey(publicKeyPem);

/** Signed with OpenSSL 3.0; PKCS#1 v1.5 signatures are deterministic. */
export interface SignatureVector {
  readonly name: string;
  readonly path: string;
  readonly clientId: string;
  readonly time: string;
  readonly body: string;
  readonly sha256: string;
  readonly base64: string;
  readonly header: string;
}

export const signatureVectors: readonly SignatureVector[] = [
  {
    name: 'a request with a time in milliseconds',
    path: '/ams/api/v1/payments/pay',
    clientId: 'SANDBOX_5YTEST0000000001',
    time: '1685599933871',
    body: '{"productCode":"IN_STORE_PAYMENT","paymentRequestId":"PR20230601061213T01A0001","paymentAmount":{"currency":"USD","value":"599"},"paymentMethod":{"paymentMethodType":"CONNECT_WALLET"},"paymentFactor":{"inStorePaymentScenario":"EntryCode"}}',
    sha256: '13348b60b67cb1c146ab490c1f632a849df0bb2c22e6cbe981c3a1e2452b0e69',
    base64:
      'nsJMNhZC8J8gxGAnwtS6LO0Re2RyEc3YGjJWhQNzJRG3ObVWQTMDpAVqIU6bQESuxMRWyIvzAT9ANmuwqRfA2bJ45Fvk85Yqez4UfcIHp6I+O2k4SvU4LEKwqU4c/Ie3q6NNmnKUD6niUpcsFpikVurEBmvbkU/1R5wBgiDPnNyJbfNmAsMYmwSLFJQEBWR6GmKjnJpmEcHfvmXa3IHggNZVmR0trzkydt/zbouzPtJkdOvvExUNVLOcD3z8UcIfAhr33+RwtEOO7wlk/M7MkeZ0wBIsMoGOiE5E4kg9HzyW61j1L9DIiJVwhRQ106BHHA7MpfRP6vuinPjqk9zIaw==',
    header:
      'algorithm=RSA256,keyVersion=1,signature=nsJMNhZC8J8gxGAnwtS6LO0Re2RyEc3YGjJWhQNzJRG3ObVWQTMDpAVqIU6bQESuxMRWyIvzAT9ANmuwqRfA2bJ45Fvk85Yqez4UfcIHp6I%2BO2k4SvU4LEKwqU4c%2FIe3q6NNmnKUD6niUpcsFpikVurEBmvbkU%2F1R5wBgiDPnNyJbfNmAsMYmwSLFJQEBWR6GmKjnJpmEcHfvmXa3IHggNZVmR0trzkydt%2FzbouzPtJkdOvvExUNVLOcD3z8UcIfAhr33%2BRwtEOO7wlk%2FM7MkeZ0wBIsMoGOiE5E4kg9HzyW61j1L9DIiJVwhRQ106BHHA7MpfRP6vuinPjqk9zIaw%3D%3D',
  },
  {
    name: 'an answer with an ISO time',
    path: '/ams/api/v1/payments/inquiryPayment',
    clientId: 'SANDBOX_5YTEST0000000001',
    time: '2023-06-01T14:12:14+08:00',
    body: '{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success."},"paymentStatus":"PROCESSING","paymentRequestId":"PR20230601061213T01A0001"}',
    sha256: '7b60219241a73318b4827eff91e730834a2beaac6f994f934f5d76dc4e14c13f',
    base64:
      'Es3hM3JcsmbiRO1ScKLR48e5KBq4fAJfx1GmPFd+fW5/pMpopcslWIsniE+SZrCh/oZ8AFjjC4h27cCbphj8fU8tZIi1V1vePDVzG96JGCHt+9VfQECMw8PviB6cqOtGoGvR+RShYzCpsDlhgbXaGqFeRBnhd4Fj+HfY/gBUbt8AeXo+IfpLE50E7rg3kASAmnXoZGitoeCnHNIxYuNq/MBaMmdqswNrb4hccgjX2TF5o96f3GftHVYcMRzmj65PlNffCUpDtc7Xytv8KPq+757hDx5e9mOIQJ3fsexZBKnNSZ1zTSwNtySyC6gnxB/SCQKijytdkBAu7jUFtxHIuA==',
    header:
      'algorithm=RSA256, keyVersion=1, signature=Es3hM3JcsmbiRO1ScKLR48e5KBq4fAJfx1GmPFd%2bfW5%2fpMpopcslWIsniE%2bSZrCh%2foZ8AFjjC4h27cCbphj8fU8tZIi1V1vePDVzG96JGCHt%2b9VfQECMw8PviB6cqOtGoGvR%2bRShYzCpsDlhgbXaGqFeRBnhd4Fj%2bHfY%2fgBUbt8AeXo%2bIfpLE50E7rg3kASAmnXoZGitoeCnHNIxYuNq%2fMBaMmdqswNrb4hccgjX2TF5o96f3GftHVYcMRzmj65PlNffCUpDtc7Xytv8KPq%2b757hDx5e9mOIQJ3fsexZBKnNSZ1zTSwNtySyC6gnxB%2fSCQKijytdkBAu7jUFtxHIuA%3d%3d',
  },
  {
    name: 'a notification of a failure that is not ASCII',
    path: '/merchant/notify',
    clientId: 'SANDBOX_5YTEST0000000001',
    time: '2023-06-01T14:12:30+08:00',
    body: '{"notifyType":"PAYMENT_RESULT","result":{"resultCode":"USER_BALANCE_NOT_ENOUGH","resultStatus":"F","resultMessage":"余额不足"},"paymentRequestId":"PR20230601061213T01A0001","paymentId":"20230601194010800100188000200000001"}',
    sha256: '477b3d31be56cdca36cae5a4aed6b1a20e154dd25bd6dca5f6cd005a1017f54c',
    base64:
      'T4pPuONAyxuR+4H8X4y73PEv9wn1L1IKfeYdLk0PH+VXceEZTpiFqEKhfXYMQGXAuqDmV25AQs3azX0tKYA/gI4dyKbNyKHqYCcYi8Vske9ouYrumqDzQ454+Kkggp6IBCneAAFj1Jwlmfm8XmXidEjcjiykpeStbwyew0B0n7e5V8eNot4/8LWApwTFQsfx7ddtg3f6AncuzDrMSWH1ayMwYAFcTUgbrpBQeAjGh1XgsDfxPuGJ/uEfA3zfmrh3Ko7k5Fcyv/rrUmSvSG/AFt2LO9x3EMiKUkL9CZQg3TUjtJu76VxjqXsp20A+VQ/DJ2PJod8Z5CnhAdbpDLemPQ==',
    header:
      'algorithm=RSA256,keyVersion=1,signature=T4pPuONAyxuR%2b4H8X4y73PEv9wn1L1IKfeYdLk0PH%2bVXceEZTpiFqEKhfXYMQGXAuqDmV25AQs3azX0tKYA%2fgI4dyKbNyKHqYCcYi8Vske9ouYrumqDzQ454%2bKkggp6IBCneAAFj1Jwlmfm8XmXidEjcjiykpeStbwyew0B0n7e5V8eNot4%2f8LWApwTFQsfx7ddtg3f6AncuzDrMSWH1ayMwYAFcTUgbrpBQeAjGh1XgsDfxPuGJ%2fuEfA3zfmrh3Ko7k5Fcyv%2frrUmSvSG%2fAFt2LO9x3EMiKUkL9CZQg3TUjtJu76VxjqXsp20A%2bVQ%2fDJ2PJod8Z5CnhAdbpDLemPQ%3d%3d',
  },
];
