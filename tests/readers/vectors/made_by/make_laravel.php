<?php

// Makes laravel.json: cookies of Laravel's session driver "cookie" and of others.

// Debian's packages load each other's classes.
foreach (['Cookie', 'Encryption', 'Http', 'Session', 'Support'] as $package) {
    require_once "Illuminate/$package/autoload.php";
}

use Illuminate\Contracts\Encryption\Encrypter as Contract;
use Illuminate\Cookie\CookieJar;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Encryption\Encrypter;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Session\CookieSessionHandler;
use Symfony\Component\HttpFoundation\Cookie;

const NAME = 'laravel_session';
const ID = 'Zk3vQ9xT1bW7nR5cY2mL8pD4hJ6sF0gAeUiOqVyK';
const OTHER = 'aB3vQ9xT1bW7nR5cY2mL8pD4hJ6sF0gAeUiOqVyK';
const GUARD = 'login_web_59ba36addc2b2f9401580f014c7f58ea4e30989d';

$key = '0123456789abcdef0123456789ABCDEF';
$short = 'sixteen bytes ok';
$older = 'fedcba9876543210FEDCBA9876543210';
$data = ['cart' => [1, ['n' => 2], 'ü € 😀'], 'note' => 'tea'];
$session = $data + [
    GUARD => 7,
    '_token' => 'Jd82hfKx0a',
    '_previous' => ['url' => 'https://shop.example/'],
    'status' => 'Saved',
    '_flash' => ['old' => ['status'], 'new' => []],
];

/** What goes out, by the middleware that every program has. */
function sent(array $cookies, $key, $cipher = 'AES-256-CBC', $serialize = false)
{
    $middleware = new class (new Encrypter($key, $cipher)) extends EncryptCookies {
        public static function say($serialize) { static::$serialize = $serialize; }
    };
    $middleware::say($serialize);
    $response = $middleware->handle(Request::create('/'), function () use ($cookies) {
        $response = new Response();
        foreach ($cookies as $cookie) $response->headers->setCookie($cookie);
        return $response;
    });
    $sent = [];
    foreach ($response->headers->getCookies() as $cookie) {
        $sent[$cookie->getName()] = explode('=', explode(';', (string) $cookie)[0], 2)[1];
    }
    return $sent;
}

/** A session of the driver "cookie", which lasts for two hours. */
function session($text, $key, $cipher = 'AES-256-CBC', $id = ID, $serialize = false)
{
    $jar = new CookieJar();
    $handler = new CookieSessionHandler($jar, 120);
    $handler->write($id, $text);
    return sent([new Cookie(NAME, $id), ...$jar->getQueuedCookies()], $key, $cipher, $serialize);
}

// What Store does since Laravel 9, if config/session.php says "serialization" => "json".
$json = json_encode($session);
$good = session($json, $key);
$another = session(json_encode(['note' => 'cake']), $key, 'AES-256-CBC', OTHER);

echo json_encode([
    'made_by' => 'illuminate/encryption, cookie, session 8.83.26, PHP '.PHP_VERSION,
    'at' => time(),
    'name' => NAME,
    'id' => ID,
    'other' => OTHER,
    'guard' => GUARD,
    'key' => 'base64:'.base64_encode($key),
    'short' => 'base64:'.base64_encode($short),
    'older' => 'base64:'.base64_encode($older),
    'data' => $data,
    'good' => [
        'AES-256-CBC' => $good,
        'AES-128-CBC' => session($json, $short, 'AES-128-CBC'),
        'AES-256-GCM' => session($json, $key, 'AES-256-GCM'),
        'AES-128-GCM' => session($json, $short, 'AES-128-GCM'),
        'older key' => session($json, $older),
        'another' => $another,
        // As EncryptedStore does, if config/session.php says "encrypt" => true.
        'encrypted' => session((new Encrypter($key, 'AES-256-CBC'))->encrypt($json), $key),
    ],
    'bad' => [
        'session serialized by PHP' => session(serialize($session), $key),
        'cookies serialized by PHP' => session($json, $key, 'AES-256-CBC', ID, true),
        'without a prefix' => [
            NAME => rawurlencode((new Encrypter($key, 'AES-256-CBC'))->encryptString(ID)),
            ID => $good[ID],
        ],
        'names exchanged' => [NAME => $good[ID], ID => $good[NAME]],
        'an id that is none' => session($json, $key, 'AES-256-CBC', 'short'),
        'no object' => session('[]', $key),
    ],
    'stored by AES-256-GCM' => (new Encrypter($key, 'AES-256-GCM'))->encrypt($json),
    // What the store of another driver has for that id.
    'stored' => [
        'file' => $json,
        'database' => base64_encode($json),
        'redis' => serialize($json),
        'by PHP' => serialize($session),
        'database, by PHP' => base64_encode(serialize($session)),
        'encrypted' => $encrypted = (new Encrypter($key, 'AES-256-CBC'))->encrypt($json),
        'database, encrypted' => base64_encode($encrypted),
        'redis, encrypted' => serialize($encrypted),
        'encrypted by another key' => (new Encrypter($older, 'AES-256-CBC'))->encrypt($json),
    ],
], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";
