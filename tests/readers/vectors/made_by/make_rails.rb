# Makes rails.json: sessions of ActionDispatch::Session::CookieStore, by the
# whole of its middleware.
require "json"
require "rack"
require "active_support"
require "active_support/all"
require "active_support/messages/rotation_configuration"
require "action_dispatch"

# Rails 7 derives keys with SHA-256; the rest of its cookies is that of 6.1.
class KeyGenerator256
  def initialize(secret, iterations)
    @secret, @iterations = secret, iterations
  end

  def generate_key(salt, size = 64)
    OpenSSL::PKCS5.pbkdf2_hmac(@secret, salt, @iterations, size, "SHA256")
  end
end

SECRET = "5f352379324c22463451387a0aec5d2f" * 4
OLDER = "0c2d1a8b7f6e5d4c3b2a190807162534" * 4
NAME = "_shop_session"
DATA = { "user_id" => 7, "cart" => [1, { "n" => 2 }, "ü € 😀"], "note" => "tea & <b>cake</b>" }

def cookie(data, hash: "SHA256", secret: SECRET, serializer: :json, metadata: true,
  name: NAME, expire_after: nil, salt: "authenticated encrypted cookie")
  generator = hash == "SHA1" ?
    ActiveSupport::KeyGenerator.new(secret, iterations: 1000) :
    KeyGenerator256.new(secret, 1000)
  env = Rack::MockRequest.env_for("https://shop.example/").merge(
    "action_dispatch.key_generator" => generator,
    "action_dispatch.secret_key_base" => secret,
    "action_dispatch.authenticated_encrypted_cookie_salt" => salt,
    "action_dispatch.encrypted_cookie_salt" => "encrypted cookie",
    "action_dispatch.encrypted_signed_cookie_salt" => "signed encrypted cookie",
    "action_dispatch.signed_cookie_salt" => "signed cookie",
    "action_dispatch.use_authenticated_cookie_encryption" => true,
    "action_dispatch.use_cookies_with_metadata" => metadata,
    "action_dispatch.cookies_serializer" => serializer,
    "action_dispatch.cookies_rotations" => ActiveSupport::Messages::RotationConfiguration.new,
    "action_dispatch.cookies_same_site_protection" => ->(_request) { :lax },
  )
  app = lambda do |env|
    session = ActionDispatch::Request.new(env).session
    data.each { |key, value| session[key] = value }
    [200, {}, []]
  end
  store = ActionDispatch::Session::CookieStore.new(app, key: name, expire_after: expire_after)
  _, headers, _ = ActionDispatch::Cookies.new(store).call(env)
  headers["Set-Cookie"].split(";").first.split("=", 2).last
end

with_flash = DATA.merge("flash" => { "discard" => [], "flashes" => { "notice" => "Saved" } },
  "_csrf_token" => "bm9uZQ==")
puts JSON.pretty_generate(
  "made_by" => "actionpack #{ActionPack::VERSION::STRING}, Ruby #{RUBY_VERSION}",
  "at" => Time.now.to_i, "secret" => SECRET, "older" => OLDER, "name" => NAME, "data" => DATA,
  "good" => {
    "sha256" => cookie(DATA),
    "sha1" => cookie(DATA, hash: "SHA1"),
    "older secret" => cookie(DATA, secret: OLDER),
    "another" => cookie({ "user_id" => 8 }),
    "flash and csrf" => cookie(with_flash),
    "devise" => cookie({ "warden.user.user.key" => [[7], "$2a$12$abcdefghijklmnopqrstuv"] }),
    "expires after an hour" => cookie(DATA, expire_after: 1.hour),
    "salt" => cookie(DATA, salt: "another salt"),
    "name" => cookie(DATA, name: "_other_session"),
  },
  "bad" => {
    "marshal" => cookie(DATA, serializer: :marshal),
    "no purpose" => cookie(DATA, metadata: false),
  },
)
