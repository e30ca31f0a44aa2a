export default function About() {
  return <p>About this shop</p>;
}
