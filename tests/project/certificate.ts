/**
 * A certificate for localhost and *.site.test that nobody trusts, and its key:
 * for servers that tests start on this machine, and for nothing else.
 */
export const certificate: { key: string; cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6BlQQScQzB3hBMVK
nMyEB8zeLjywcqK5/0O1LSBvO46hRANCAASVrWnnZwRk3QmmqQi1Qoye1mnGIYx4
fxqw9E4uuoluzzlBYEl0N6tCI7XnduXD359l/t/Yl24XfnbrU0qPtrIU
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBxzCCAW2gAwIBAgIUf6PVZxKBDca4pG5/6QYQzhlOCxEwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSd2l0aC1zZXNzaW9uIHRlc3RzMCAXDTI2MTEyMTAyMzIzOFoY
DzIxMjYxMDI4MDIzMjM4WjAdMRswGQYDVQQDDBJ3aXRoLXNlc3Npb24gdGVzdHMw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASVrWnnZwRk3QmmqQi1Qoye1mnGIYx4
fxqw9E4uuoluzzlBYEl0N6tCI7XnduXD359l/t/Yl24XfnbrU0qPtrIUo4GIMIGF
MB0GA1UdDgQWBBT+p7rzITq4fUCtD93wPlUqTK+1uTAfBgNVHSMEGDAWgBT+p7rz
ITq4fUCtD93wPlUqTK+1uTAPBgNVHRMBAf8EBTADAQH/MDIGA1UdEQQrMCmCCWxv
Y2FsaG9zdIILKi5zaXRlLnRlc3SCCXNpdGUudGVzdIcEfwAAATAKBggqhkjOPQQD
AgNIADBFAiEAw9BZalfYkEZXxo8j7IrcRbC1/R2SquYvXNYwkLqWtZYCIAkE1Him
1kGODClqLddGMeaaYeqaCVlfXXw0NwYUg+wr
-----END CERTIFICATE-----`,
};
